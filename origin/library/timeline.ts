import { type Database, schema } from '@streamtube/db/index.ts'
import { asc, eq } from 'drizzle-orm'
import type { RenditionTimeline } from '../media/timeline.ts'
import type { RenditionInfo, SegmentEntry } from '../media/types.ts'
import { entriesOf, withHeaders } from './minute.ts'

const { renditions, timelineIndex } = schema

type RenditionRow = typeof renditions.$inferSelect

/**
 * A timeline as the index has it: renditions with their segments by sequence, video before audio, the tallest first.
 * A rendition is described as in its newest epoch; times are in that one's timescale, not rounded.
 */
export async function readTimeline(db: Database, timelineId: string): Promise<RenditionTimeline[]> {
  const described = await db
    .select()
    .from(renditions)
    .where(eq(renditions.timelineId, timelineId))
    .orderBy(asc(renditions.epoch))
  const rows = await db.select().from(timelineIndex).where(eq(timelineIndex.timelineId, timelineId))
  const newest = new Map(described.map((row) => [row.renditionId, row]))
  const timescales = new Map(described.map((row) => [`${row.renditionId} ${row.epoch}`, row.timescale]))
  const entriesOfMinute = (minute: typeof timelineIndex.$inferSelect, { timescale }: RenditionRow) =>
    entriesOf(minute).map((entry) =>
      scaled(entry, timescale / (timescales.get(`${minute.renditionId} ${minute.epoch}`) ?? timescale)),
    )
  return [...newest.values()].sort(byPlace).map((row) => ({
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
