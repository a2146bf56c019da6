import { isId } from '@streamtube/contracts/ids.ts'
import { initName, isRenditionId } from '@streamtube/contracts/media-paths.ts'
import { type Database, schema } from '@streamtube/db/index.ts'
import { and, eq } from 'drizzle-orm'
import type { RenditionInfo, SegmentEntry } from '../media/types.ts'
import type { LibraryDeps } from './deps.ts'
import { isOwn, ownNumbers } from './epochs.ts'
import { LibraryError } from './errors.ts'
import { mergeMinute, minuteOf } from './minute.ts'
import { isRemoved } from './removed.ts'
import { settleNumbers } from './same-number.ts'
import { settleVideo } from './settle.ts'

const { broadcasts, renditions, timelineIndex, videos } = schema

/** A rendition with its header, as its maker sends it with the first segments of an epoch, and when it changes. */
export interface SentRendition extends RenditionInfo {
  initSegment: Uint8Array
  /** As SegmentEntry.header. */
  header?: number
}

/** A finished segment and the blob key of its bytes; a gap has none. */
export interface SentSegment extends SegmentEntry {
  renditionId: string
  locator: string
}

export interface Batch {
  timelineId: string
  epoch: number
  renditions: readonly SentRendition[]
  segments: readonly SentSegment[]
}

const MAX_BATCH = 5_000
const CODECS = /^[A-Za-z0-9.]{1,64}$/

/** Where the objects of a rendition's epoch lie in blobs. */
export function blobPrefix(timelineId: string, renditionId: string, epoch: number): string {
  return `timelines/${timelineId}/${renditionId}/${epoch}/`
}

/**
 * Appends a broadcast's finished segments. Idempotent; in whatever order they come, also after newer epochs' and after
 * the end. What an epoch says of numbers that aren't its own is refused, what else it says is taken all the same.
 * @throws LibraryError `fenced`, `unknown`, `invalid`
 */
export async function appendBroadcast(deps: LibraryDeps, batch: Batch): Promise<void> {
  checkBatch(batch)
  await putHeaders(deps, batch)
  const isFenced = await deps.db.transaction(async (tx) => {
    // Locked: appends of one timeline go one after the other, and none slips past a new publisher's epoch.
    const [broadcast] = await tx
      .select()
      .from(broadcasts)
      .where(eq(broadcasts.id, batch.timelineId))
      .for('update')
    if (!broadcast) throw new LibraryError('unknown', 'There is no such broadcast')
    if (await isRemoved(tx, broadcast.id, deps.now())) return false
    const isNewest = broadcast.epoch === batch.epoch
    const numbers = await ownNumbers(tx, { broadcastId: broadcast.id, epoch: batch.epoch })
    if (!numbers && !isNewest) return true
    const own = batch.segments.filter((segment) => !numbers || isOwn(segment, numbers))
    const isLate = !isNewest || own.some((segment) => segment.epoch !== batch.epoch)
    const segments = isLate ? await settleNumbers(tx, batch.timelineId, own) : own
    await writeBatch(tx, { ...batch, segments })
    // A stream goes on while it can reserve no numbers: nobody gets again those that it used.
    const nextSequence = Math.max(0, ...own.map(({ sequence }) => sequence + 1))
    if (isNewest && nextSequence > broadcast.nextSequence) {
      await tx.update(broadcasts).set({ nextSequence }).where(eq(broadcasts.id, broadcast.id))
    }
    if (broadcast.state === 'ended') {
      await settleVideo(tx, {
        timelineId: broadcast.id,
        keep: broadcast.archive,
        at: broadcast.endedAt ?? new Date(deps.now()),
      })
    }
    return own.length < batch.segments.length
  })
  if (isFenced) throw new LibraryError('fenced', "These are another publisher session's numbers")
}

/**
 * Appends segments of a file that is being packaged; with `complete` its video becomes playable. Idempotent.
 * @throws LibraryError `unknown`, `invalid`
 */
export async function appendFile(deps: LibraryDeps, batch: Batch & { complete: boolean }): Promise<void> {
  checkBatch(batch)
  await putHeaders(deps, batch)
  await deps.db.transaction(async (tx) => {
    const [video] = await tx
      .select()
      .from(videos)
      .where(and(eq(videos.timelineId, batch.timelineId), eq(videos.origin, 'file')))
      .for('update')
    if (!video) throw new LibraryError('unknown', 'There is no such video')
    await writeBatch(tx, batch)
    if (!batch.complete || video.state === 'ready') return
    await settleVideo(tx, { timelineId: batch.timelineId, keep: true, at: new Date(deps.now()) })
  })
}

function checkBatch(batch: Batch): void {
  const refuse = (why: string) => new LibraryError('invalid', why)
  const { timelineId, epoch } = batch
  if (!isId(timelineId)) throw refuse('timeline_id must be an id')
  if (!Number.isInteger(epoch) || epoch < 0) throw refuse('epoch must be a whole number')
  if (batch.renditions.length > 64) throw refuse('at most 64 renditions in a batch')
  if (batch.segments.length > MAX_BATCH) throw refuse(`at most ${MAX_BATCH} segments in a batch`)
  for (const { id, codecs, timescale } of batch.renditions) {
    if (!isRenditionId(id)) throw refuse('a rendition id is lower-case letters, digits and hyphens')
    if (!CODECS.test(codecs)) throw refuse(`codecs of ${id} must be as in RFC 6381`)
    if (timescale < 1) throw refuse(`timescale of ${id} must be positive`)
  }
  for (const segment of batch.segments) {
    if (!isRenditionId(segment.renditionId)) throw refuse('a segment names no rendition')
    // Who goes on with a broadcast says what earlier epochs have lost.
    if (segment.epoch !== epoch && !(segment.gap && segment.epoch < epoch)) {
      throw refuse('a segment is of another epoch than its batch')
    }
    const prefix = blobPrefix(timelineId, segment.renditionId, epoch)
    if (!segment.gap && segment.locator !== `${prefix}s${segment.sequence}.m4s`) {
      throw refuse(`the locator of ${segment.renditionId} ${segment.sequence} isn't its blob key`)
    }
  }
}

/** Headers first: a rendition that the index knows can be played. */
async function putHeaders({ blobs }: LibraryDeps, batch: Batch): Promise<void> {
  for (const { id, kind, initSegment, header } of batch.renditions) {
    if (initSegment.byteLength === 0) continue
    await blobs.put(blobPrefix(batch.timelineId, id, batch.epoch) + initName(header), initSegment, {
      contentType: `${kind}/mp4`,
      ifAbsent: true,
    })
  }
}

async function writeBatch(db: Database, batch: Batch): Promise<void> {
  for (const rendition of batch.renditions) await writeRendition(db, batch, rendition)
  const groups = Map.groupBy(
    batch.segments,
    ({ renditionId, epoch, programTimeMs }) => `${renditionId} ${epoch} ${minuteOf(programTimeMs)}`,
  )
  for (const segments of groups.values()) await writeMinute(db, batch.timelineId, segments)
}

async function writeRendition(db: Database, batch: Batch, rendition: SentRendition): Promise<void> {
  const { id, kind, codecs, timescale, width, height, frameRate, channels, captions } = rendition
  const described = {
    kind,
    codecs,
    timescale,
    width: width ?? null,
    height: height ?? null,
    frameRate: frameRate ?? null,
    channels: channels ?? null,
    captions: captions ?? false,
    initKey: `${blobPrefix(batch.timelineId, id, batch.epoch)}init.mp4`,
  }
  await db
    .insert(renditions)
    .values({ timelineId: batch.timelineId, renditionId: id, epoch: batch.epoch, ...described })
    .onConflictDoUpdate({
      target: [renditions.timelineId, renditions.renditionId, renditions.epoch],
      set: described,
    })
}

async function writeMinute(
  db: Database,
  timelineId: string,
  segments: readonly SentSegment[],
): Promise<void> {
  const [first] = segments
  if (!first) return
  const { renditionId, epoch } = first
  const minute = minuteOf(first.programTimeMs)
  const [row] = await db
    .select()
    .from(timelineIndex)
    .where(
      and(
        eq(timelineIndex.timelineId, timelineId),
        eq(timelineIndex.renditionId, renditionId),
        eq(timelineIndex.epoch, epoch),
        eq(timelineIndex.minute, minute),
      ),
    )
  const arrays = mergeMinute(row ?? null, segments)
  const locatorPrefix = blobPrefix(timelineId, renditionId, epoch)
  await db
    .insert(timelineIndex)
    .values({ timelineId, renditionId, epoch, minute, locatorPrefix, ...arrays })
    .onConflictDoUpdate({
      target: [
        timelineIndex.timelineId,
        timelineIndex.renditionId,
        timelineIndex.epoch,
        timelineIndex.minute,
      ],
      set: arrays,
    })
}
