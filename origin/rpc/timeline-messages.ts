import type { MessageInitShape } from '@bufbuild/protobuf'
import type {
  RenditionInfo,
  SegmentRecord,
  TimelineTailSchema,
} from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'
import {
  type Batch,
  LibraryError,
  type SentRendition,
  type SentSegment,
  type TimelineTail,
} from '../library/index.ts'

interface BatchMessage {
  timelineId: string
  epoch: number
  renditions: RenditionInfo[]
  segments: SegmentRecord[]
}

/** A batch of the timeline index out of its message. @throws LibraryError `invalid` */
export function batchOf({ timelineId, epoch, renditions, segments }: BatchMessage): Batch {
  return { timelineId, epoch, renditions: renditions.map(renditionOf), segments: segments.map(segmentOf) }
}

/** The message of a timeline's tail. */
export function tailMessage(tail: TimelineTail): MessageInitShape<typeof TimelineTailSchema> {
  return {
    renditions: tail.renditions.map(({ info }) => info),
    segments: tail.renditions.flatMap(({ info, segments }) =>
      segments.map((entry) => ({
        ...entry,
        renditionId: info.id,
        sequence: BigInt(entry.sequence),
        dts: BigInt(Math.round(entry.dts)),
        duration: Math.round(entry.duration),
        programTimeMs: BigInt(entry.programTimeMs),
        header: BigInt(entry.header ?? 0),
      })),
    ),
    discontinuitySequence: tail.discontinuitySequence,
  }
}

function renditionOf(message: RenditionInfo): SentRendition {
  const { id, kind, codecs, timescale, width, height, frameRate, channels, initSegment, captions } = message
  if (kind !== 'video' && kind !== 'audio') throw new LibraryError('invalid', 'kind must be video or audio')
  return {
    id,
    kind,
    codecs,
    timescale,
    initSegment,
    ...(width > 0 && { width }),
    ...(height > 0 && { height }),
    ...(frameRate > 0 && { frameRate }),
    ...(channels > 0 && { channels }),
    ...(captions && { captions }),
    ...(message.header > 0n && { header: exactly(message.header) }),
  }
}

function segmentOf(message: SegmentRecord): SentSegment {
  const { renditionId, epoch, duration, sizeBytes, independent, discontinuity, gap, locator } = message
  return {
    renditionId,
    epoch,
    sequence: exactly(message.sequence),
    dts: exactly(message.dts),
    duration,
    programTimeMs: exactly(message.programTimeMs),
    sizeBytes,
    independent,
    discontinuity,
    gap,
    locator,
    ...(message.header > 0n && { header: exactly(message.header) }),
  }
}

/** A 64-bit number as a JavaScript one. @throws LibraryError `invalid` beyond 2^53 */
function exactly(value: bigint): number {
  const number = Number(value)
  if (Number.isSafeInteger(number)) return number
  throw new LibraryError('invalid', 'a number is beyond 2^53')
}
