import { initPath, segmentPath } from '@streamtube/contracts/media-paths.ts'
import type { RenditionInfo, SegmentEntry } from '../types.ts'

/** EXT-X-TARGETDURATION, for all playlists, for ever (MEDIA.md 5). */
export const TARGET_DURATION_SECONDS = 4

/** A playlist lies two folders below the media's root: `<kind>/<asset>/x.m3u8` beside `m/...`. */
const TO_ROOT = '../../'

/** Where a rendition's media is, in a playlist's words. */
export interface MediaAddress {
  timelineId: string
  renditionId: string
}

export function mediaUri(path: string): string {
  return TO_ROOT + path
}

/** A segment's header, or the open segment's. */
export type HeaderOf = Pick<SegmentEntry, 'epoch' | 'header'>

export function mapTag(address: MediaAddress, { epoch, header }: HeaderOf): string {
  return `#EXT-X-MAP:URI="${mediaUri(initPath(address.timelineId, address.renditionId, epoch, header))}"\n`
}

export function sameHeader(a: HeaderOf | null, b: HeaderOf): boolean {
  return a?.epoch === b.epoch && a.header === b.header
}

export function programTimeTag(programTimeMs: number): string {
  return `#EXT-X-PROGRAM-DATE-TIME:${new Date(programTimeMs).toISOString()}\n`
}

/** Seconds with five decimals: a hundredth of a millisecond. */
export function seconds(ticks: number, timescale: number): string {
  return (ticks / timescale).toFixed(5)
}

/** EXTINF and address of a finished segment, with its gap mark. */
export function segmentTags(address: MediaAddress, timescale: number, entry: SegmentEntry): string {
  const uri = segmentPath(address.timelineId, address.renditionId, entry.epoch, entry.sequence)
  const gap = entry.gap ? '#EXT-X-GAP\n' : ''
  return `${gap}#EXTINF:${seconds(entry.duration, timescale)},\n${mediaUri(uri)}\n`
}

export function addressOf(timelineId: string, rendition: RenditionInfo): MediaAddress {
  return { timelineId, renditionId: rendition.id }
}
