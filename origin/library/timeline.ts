import { type Database, schema } from '@streamtube/db/index.ts'
import { and, asc, between, eq, gte, lt, not, or, sql } from 'drizzle-orm'
import { type RenditionTimeline, type TimeRange, timelineWithin } from '../media/timeline.ts'
import type { RenditionInfo, SegmentEntry } from '../media/types.ts'
import { entriesOf, GAP, HEADER, minuteOf, withHeaders } from './minute.ts'

const { renditions, timelineIndex } = schema

type RenditionRow = typeof renditions.$inferSelect
type MinuteRow = typeof timelineIndex.$inferSelect

/**
 * A timeline as the index has it: renditions with their segments by sequence, video before audio, the tallest first.
 * A rendition is described as in its newest epoch; times are in that one's timescale, not rounded.
 */
export async function readTimeline(db: Database, timelineId: string): Promise<RenditionTimeline[]> {
  const described = await readRenditions(db, timelineId)
  return assemble(described, await readMinutes(db, timelineId))
}

/** As `readTimeline`, of the first rendition alone; null where there is none. */
export async function readLead(db: Database, timelineId: string): Promise<RenditionTimeline | null> {
  const described = await readRenditions(db, timelineId)
  const [lead] = newestOf(described)
  if (!lead) return null
  const { renditionId } = lead
  const rows = await db
    .select()
    .from(timelineIndex)
    .where(and(eq(timelineIndex.timelineId, timelineId), eq(timelineIndex.renditionId, renditionId)))
  const own = described.filter((row) => row.renditionId === renditionId)
  return assemble(own, rows)[0] ?? null
}

/** A stretch of program time that plays without a break. Milliseconds. */
export interface Played {
  programMs: number
  durationMs: number
}

/**
 * What the first rendition plays, by time and without its gaps: minutes in one piece wherever nothing is missing, so that
 * hours of it are read in a moment.
 */
export async function readPlayed(db: Database, timelineId: string): Promise<Played[]> {
  const described = await readRenditions(db, timelineId)
  const [lead] = newestOf(described)
  if (!lead) return []
  const { renditionId } = lead
  const isLead = and(eq(timelineIndex.timelineId, timelineId), eq(timelineIndex.renditionId, renditionId))
  const hasGap = sql`exists (select from unnest(${timelineIndex.flags}) flag where flag & ${GAP} <> 0)`
  const { epoch } = timelineIndex
  const whole = await db
    .select({
      epoch,
      programMs: sql<number>`${timelineIndex.programTimesMs}[1]::float8`,
      ticks: sql<number>`(select sum(ticks) from unnest(${timelineIndex.durations}) ticks)::float8`,
    })
    .from(timelineIndex)
    .where(and(isLead, not(hasGap)))
  const broken = await db.select().from(timelineIndex).where(and(isLead, hasGap))
  const pieces = broken.flatMap((row) =>
    entriesOf(row).flatMap(({ gap, programTimeMs, duration }) =>
      gap ? [] : [{ epoch: row.epoch, programMs: programTimeMs, ticks: duration }],
    ),
  )
  const own = described.filter((row) => row.renditionId === renditionId)
  const timescales = new Map(own.map((row) => [row.epoch, row.timescale]))
  return [...whole, ...pieces]
    .map((one) => ({
      programMs: one.programMs,
      durationMs: (one.ticks * 1000) / (timescales.get(one.epoch) ?? lead.timescale),
    }))
    .sort((x, y) => x.programMs - y.programMs)
}

/** As `readTimeline`, of a stretch of program time alone: see `timelineWithin`. Costs what the stretch costs. */
export async function readTimelineWithin(
  db: Database,
  timelineId: string,
  range: TimeRange,
): Promise<RenditionTimeline[]> {
  const described = await readRenditions(db, timelineId)
  // A segment belongs to the minute in which it begins. What came before may say which header holds.
  const first = minuteOf(range.fromMs) - 1
  const bearsHeader = sql`exists (select from unnest(${timelineIndex.flags}) flag where flag & ${HEADER} <> 0)`
  const rows = await db
    .select()
    .from(timelineIndex)
    .where(
      and(
        eq(timelineIndex.timelineId, timelineId),
        or(
          between(timelineIndex.minute, first, minuteOf(range.toMs)),
          and(lt(timelineIndex.minute, first), bearsHeader),
        ),
      ),
    )
  return timelineWithin(assemble(described, rows), range)
}

/** A timeline's index rows. @param fromMinute minutes since the Unix epoch; all of them when absent */
export async function readMinutes(
  db: Database,
  timelineId: string,
  fromMinute?: number,
): Promise<MinuteRow[]> {
  const since = fromMinute === undefined ? undefined : gte(timelineIndex.minute, fromMinute)
  return await db
    .select()
    .from(timelineIndex)
    .where(and(eq(timelineIndex.timelineId, timelineId), since))
}

/** Renditions in all their epochs, by epoch. */
export async function readRenditions(db: Database, timelineId: string): Promise<RenditionRow[]> {
  return await db
    .select()
    .from(renditions)
    .where(eq(renditions.timelineId, timelineId))
    .orderBy(asc(renditions.epoch))
}

/** Each rendition as in its newest epoch, in the order in which they are listed. */
function newestOf(described: readonly RenditionRow[]): RenditionRow[] {
  return [...new Map(described.map((row) => [row.renditionId, row])).values()].sort(byPlace)
}

/** Makes a timeline of its rows, in whatever order those of the index are. */
export function assemble(
  described: readonly RenditionRow[],
  rows: readonly MinuteRow[],
): RenditionTimeline[] {
  const timescales = new Map(described.map((row) => [`${row.renditionId} ${row.epoch}`, row.timescale]))
  const entriesOfMinute = (minute: MinuteRow, { timescale }: RenditionRow) =>
    entriesOf(minute).map((entry) =>
      scaled(entry, timescale / (timescales.get(`${minute.renditionId} ${minute.epoch}`) ?? timescale)),
    )
  return newestOf(described).map((row) => ({
    info: toInfo(row),
    segments: withHeaders(
      rows
        .filter((minute) => minute.renditionId === row.renditionId)
        .flatMap((minute) => entriesOfMinute(minute, row))
        .sort((a, b) => a.sequence - b.sequence),
    ),
  }))
}

/** A rendition has one timescale for all its entries, though its sound may have another sample rate in each epoch. */
function scaled(entry: SegmentEntry, factor: number): SegmentEntry {
  return factor === 1 ? entry : { ...entry, dts: entry.dts * factor, duration: entry.duration * factor }
}

function byPlace(a: RenditionRow, b: RenditionRow): number {
  if (a.kind !== b.kind) return a.kind === 'video' ? -1 : 1
  if (a.renditionId === 'source' || b.renditionId === 'source') return a.renditionId === 'source' ? -1 : 1
  return (b.height ?? 0) - (a.height ?? 0) || a.renditionId.localeCompare(b.renditionId)
}

function toInfo(row: RenditionRow): RenditionInfo {
  const { renditionId, kind, codecs, timescale, width, height, frameRate, channels, captions } = row
  return {
    id: renditionId,
    kind,
    codecs,
    timescale,
    ...(width !== null && { width }),
    ...(height !== null && { height }),
    ...(frameRate !== null && { frameRate }),
    ...(channels !== null && { channels }),
    ...(captions && { captions }),
  }
}
