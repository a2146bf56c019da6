import { partPath } from '@streamtube/contracts/media-paths.ts'
import { windowStart } from '../timeline.ts'
import type { Part, PartTargetMs, RenditionInfo, SegmentEntry } from '../types.ts'
import {
  addressOf,
  type HeaderOf,
  type MediaAddress,
  mapTag,
  mediaUri,
  programTimeTag,
  sameHeader,
  seconds,
  segmentTags,
  TARGET_DURATION_SECONDS,
} from './tags.ts'

/** What a part is to a playlist. */
export type ListedPart = Pick<Part, 'number' | 'duration' | 'independent' | 'gap'>

/** A segment of a live window: `parts` where they are still listed. Its text is remembered: never change one, make another. */
export interface LiveSegment {
  readonly entry: SegmentEntry
  readonly parts: readonly ListedPart[]
}

/** All that a live media playlist says, at one moment. */
export interface LiveView {
  timelineId: string
  rendition: RenditionInfo
  partTargetMs: PartTargetMs
  discontinuitySequence: number
  segments: readonly LiveSegment[]
  /** The segment being written: null when none has begun. */
  open: {
    epoch: number
    sequence: number
    programTimeMs: number
    discontinuity: boolean
    header?: number
    parts: readonly ListedPart[]
  } | null
  /** The part that will come next: null when the stream has ended. */
  next: { epoch: number; part: number } | null
  /** The other renditions' last part. */
  reports: readonly { renditionId: string; sequence: number; part: number }[]
  ended: boolean
}

/** Distances from the live end, in seconds (RFC 8216bis 4.4.3.8): three targets, and six for what may be skipped. */
export const LIVE_HOLD = {
  parts: 3,
  segmentsSeconds: 3 * TARGET_DURATION_SECONDS,
  skipSeconds: 6 * TARGET_DURATION_SECONDS,
} as const

/** Low-latency media playlist (RFC 8216bis). `skip`: a delta update was asked for. */
export function livePlaylist(view: LiveView, options: { skip: boolean }): string {
  const address = addressOf(view.timelineId, view.rendition)
  const { timescale } = view.rendition
  const entries = view.segments.map((segment) => segment.entry)
  const skipped =
    options.skip && !view.ended ? windowStart(timescale, entries, LIVE_HOLD.skipSeconds * 1000) : 0
  let text = head(view)
  // Fewer than two are not worth a tag, and a player that has nothing yet must not lose the map.
  if (skipped > 1) text += `#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}\n`
  let before: HeaderOf | null = null
  for (let i = skipped > 1 ? skipped : 0; i < view.segments.length; i++) {
    const segment = view.segments[i]
    if (!segment) continue
    if (segment.entry.discontinuity) text += '#EXT-X-DISCONTINUITY\n'
    if (!sameHeader(before, segment.entry)) text += mapTag(address, segment.entry)
    before = segment.entry
    text += finishedText(address, timescale, segment)
  }
  if (view.ended) return `${text}#EXT-X-ENDLIST\n`
  return text + tail(view, address, before)
}

function head(view: LiveView): string {
  const partTarget = view.partTargetMs / 1000
  const first = view.segments[0]?.entry.sequence ?? view.open?.sequence ?? 0
  const control = [
    'CAN-BLOCK-RELOAD=YES',
    `PART-HOLD-BACK=${(LIVE_HOLD.parts * partTarget).toFixed(3)}`,
    `HOLD-BACK=${LIVE_HOLD.segmentsSeconds.toFixed(1)}`,
    `CAN-SKIP-UNTIL=${LIVE_HOLD.skipSeconds.toFixed(1)}`,
  ]
  return (
    `#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:${TARGET_DURATION_SECONDS}\n` +
    `#EXT-X-SERVER-CONTROL:${control.join(',')}\n#EXT-X-PART-INF:PART-TARGET=${partTarget.toFixed(3)}\n` +
    `#EXT-X-MEDIA-SEQUENCE:${first}\n#EXT-X-DISCONTINUITY-SEQUENCE:${view.discontinuitySequence}\n`
  )
}

/** A finished segment never changes: its text is made once. */
const finishedTexts = new WeakMap<LiveSegment, string>()

function finishedText(address: MediaAddress, timescale: number, segment: LiveSegment): string {
  const known = finishedTexts.get(segment)
  if (known !== undefined) return known
  const { entry } = segment
  const text =
    programTimeTag(entry.programTimeMs) +
    partTags(address, timescale, entry.epoch, segment.parts) +
    segmentTags(address, timescale, entry)
  finishedTexts.set(segment, text)
  return text
}

function partTags(
  address: MediaAddress,
  timescale: number,
  epoch: number,
  parts: readonly ListedPart[],
): string {
  let text = ''
  for (const part of parts) {
    const uri = mediaUri(partPath(address.timelineId, address.renditionId, epoch, part.number))
    const independent = part.independent ? ',INDEPENDENT=YES' : ''
    const gap = part.gap ? ',GAP=YES' : ''
    text += `#EXT-X-PART:DURATION=${seconds(part.duration, timescale)},URI="${uri}"${independent}${gap}\n`
  }
  return text
}

/** The segment being written, the hint, the reports. */
function tail(view: LiveView, address: MediaAddress, before: HeaderOf | null): string {
  const { open, next } = view
  let text = ''
  if (open) {
    if (open.discontinuity) text += '#EXT-X-DISCONTINUITY\n'
    if (!sameHeader(before, open)) text += mapTag(address, open)
    text += programTimeTag(open.programTimeMs)
    text += partTags(address, view.rendition.timescale, open.epoch, open.parts)
  }
  if (next) {
    const uri = mediaUri(partPath(address.timelineId, address.renditionId, next.epoch, next.part))
    text += `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${uri}"\n`
  }
  for (const { renditionId, sequence, part } of view.reports) {
    text += `#EXT-X-RENDITION-REPORT:URI="${renditionId}.m3u8",LAST-MSN=${sequence},LAST-PART=${part}\n`
  }
  return text
}
