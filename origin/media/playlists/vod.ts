import { commonGaps, type RenditionTimeline } from '../timeline.ts'
import {
  addressOf,
  type HeaderOf,
  mapTag,
  programTimeTag,
  sameHeader,
  segmentTags,
  TARGET_DURATION_SECONDS,
} from './tags.ts'

/**
 * VOD media playlist of a finished timeline, or of a range of one (`timelineWithin`): the whole of it, a map per header, a
 * discontinuity where the clock or the header changes.
 * @param all the timeline's renditions. What none of them has is left out; what only this one lacks stays as a gap, so
 * that renditions stay aligned. Without it, all gaps of this rendition are left out.
 * @param options `isWhole`: false while its end is still on the way: players play it and ask again
 */
export function vodPlaylist(
  timelineId: string,
  rendition: RenditionTimeline,
  all: readonly RenditionTimeline[] = [rendition],
  { isWhole = true }: { isWhole?: boolean } = {},
): string {
  const { info } = rendition
  const address = addressOf(timelineId, info)
  const leftOut = commonGaps(all)
  let text = `#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-TARGETDURATION:${TARGET_DURATION_SECONDS}\n`
  text += `#EXT-X-PLAYLIST-TYPE:${isWhole ? 'VOD' : 'EVENT'}\n#EXT-X-MEDIA-SEQUENCE:0\n`
  let before: HeaderOf | null = null
  let discontinuity = false
  for (const entry of rendition.segments) {
    discontinuity ||= entry.discontinuity
    if (leftOut.has(entry.sequence)) {
      // What follows it is later than what came before it.
      discontinuity = true
      continue
    }
    const changed = !sameHeader(before, entry)
    if (before !== null && (changed || discontinuity)) text += '#EXT-X-DISCONTINUITY\n'
    if (changed) text += mapTag(address, entry)
    text += programTimeTag(entry.programTimeMs) + segmentTags(address, info.timescale, entry)
    before = entry
    discontinuity = false
  }
  return isWhole ? `${text}#EXT-X-ENDLIST\n` : text
}
