import type { RenditionTimeline } from '../timeline.ts'
import { windowStart } from '../timeline.ts'
import type { SegmentEntry } from '../types.ts'
import { LIVE_HOLD } from './live.ts'
import {
  addressOf,
  type HeaderOf,
  mapTag,
  programTimeTag,
  sameHeader,
  segmentTags,
  TARGET_DURATION_SECONDS,
} from './tags.ts'

export interface DvrOptions {
  /** How far back it goes, in milliseconds. */
  windowMs: number
  /** A delta update was asked for. */
  skip: boolean
  /** Nothing more will come. */
  ended: boolean
}

/**
 * Media playlist of a broadcast that goes on, from far back, without parts (MEDIA.md 12). Its numbers are those of the
 * live playlist; what was lost is a gap, so that numbers stay what they are when it comes in late.
 * @param all the timeline's renditions, which all begin with the same number
 */
export function dvrPlaylist(
  timelineId: string,
  rendition: RenditionTimeline,
  all: readonly RenditionTimeline[],
  { windowMs, skip, ended }: DvrOptions,
): string {
  const { info, segments } = rendition
  const address = addressOf(timelineId, info)
  const since = firstSequence(all, windowMs)
  const start = segments.findIndex(({ sequence }) => sequence >= since)
  const entries = withoutHoles(start < 0 ? [] : segments.slice(start))
  const marksBefore = segments.slice(0, start < 0 ? undefined : start).filter((s) => s.discontinuity).length
  const skipUntilMs = LIVE_HOLD.skipSeconds * 1000
  const older = skip && !ended ? windowStart(info.timescale, entries, skipUntilMs) : 0
  // Fewer than two are not worth a tag.
  const skipped = older > 1 ? older : 0
  let text =
    `#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-TARGETDURATION:${TARGET_DURATION_SECONDS}\n` +
    `#EXT-X-SERVER-CONTROL:HOLD-BACK=${LIVE_HOLD.segmentsSeconds.toFixed(1)},` +
    `CAN-SKIP-UNTIL=${LIVE_HOLD.skipSeconds.toFixed(1)}\n` +
    `#EXT-X-MEDIA-SEQUENCE:${entries[0]?.sequence ?? 0}\n#EXT-X-DISCONTINUITY-SEQUENCE:${marksBefore}\n`
  if (skipped > 0) text += `#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}\n`
  let before: HeaderOf | null = null
  for (let i = skipped; i < entries.length; i++) {
    const entry = entries[i]
    if (!entry) continue
    if (entry.discontinuity) text += '#EXT-X-DISCONTINUITY\n'
    if (!sameHeader(before, entry)) text += mapTag(address, entry)
    text += programTimeTag(entry.programTimeMs) + segmentTags(address, info.timescale, entry)
    before = entry
  }
  return ended ? `${text}#EXT-X-ENDLIST\n` : text
}

/** The number with which the window begins: the first rendition says so for all. */
function firstSequence([lead]: readonly RenditionTimeline[], windowMs: number): number {
  if (!lead) return 0
  const { info, segments } = lead
  return segments[windowStart(info.timescale, segments, windowMs)]?.sequence ?? 0
}

/** A number that the index does not have (yet) is a gap: a playlist counts its segments. */
function withoutHoles(segments: readonly SegmentEntry[]): SegmentEntry[] {
  const whole: SegmentEntry[] = []
  for (const entry of segments) {
    const before = whole.at(-1)
    if (before && entry.sequence > before.sequence + 1) whole.push(...gapsBetween(before, entry))
    whole.push(entry)
  }
  return whole
}

function gapsBetween(before: SegmentEntry, after: SegmentEntry): SegmentEntry[] {
  const steps = after.sequence - before.sequence
  const stepMs = (after.programTimeMs - before.programTimeMs) / steps
  return Array.from({ length: steps - 1 }, (_, i) => ({
    ...before,
    sequence: before.sequence + 1 + i,
    dts: before.dts + (i + 1) * before.duration,
    programTimeMs: before.programTimeMs + (i + 1) * stepMs,
    sizeBytes: 0,
    independent: false,
    discontinuity: false,
    gap: true,
  }))
}
