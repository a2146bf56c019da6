import { commonGaps, type RenditionTimeline } from '../timeline.ts'
import { addressOf, mapTag, programTimeTag, segmentTags, TARGET_DURATION_SECONDS } from './tags.ts'

/**
 * VOD media playlist of a finished timeline: the whole of it, a map per epoch, a discontinuity where the clock or the
 * header changes.
 * @param all the timeline's renditions. What none of them has is left out; what only this one lacks stays as a gap, so
 * that renditions stay aligned. Without it, all gaps of this rendition are left out.
 */
export function vodPlaylist(
  timelineId: string,
  rendition: RenditionTimeline,
  all: readonly RenditionTimeline[] = [rendition],
): string {
  const { info } = rendition
  const address = addressOf(timelineId, info)
  const leftOut = commonGaps(all)
  let text = `#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-TARGETDURATION:${TARGET_DURATION_SECONDS}\n`
  text += '#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-MEDIA-SEQUENCE:0\n'
  let epoch: number | null = null
  let discontinuity = false
  for (const entry of rendition.segments) {
    discontinuity ||= entry.discontinuity
    if (leftOut.has(entry.sequence)) continue
    const changed = entry.epoch !== epoch
    if (epoch !== null && (changed || discontinuity)) text += '#EXT-X-DISCONTINUITY\n'
    if (changed) text += mapTag(address, entry.epoch)
    text += programTimeTag(entry.programTimeMs) + segmentTags(address, info.timescale, entry)
    epoch = entry.epoch
    discontinuity = false
  }
  return `${text}#EXT-X-ENDLIST\n`
}
