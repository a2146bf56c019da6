import type { ListedSegment } from '../media-playlist.ts'
import type { Look } from '../state.ts'
import type { Complain } from '../violation.ts'

/** Headers and gaps. */
export function mapRules({ full, raw }: Look, complain: Complain): void {
  const own = new Set(raw.segments.map((segment) => segment.sequence))
  let before: ListedSegment | null = null
  for (const segment of full.segments) {
    if (own.has(segment.sequence)) look(segment, before, complain)
    before = segment
  }
}

function look(segment: ListedSegment, before: ListedSegment | null, complain: Complain): void {
  const { map, uri, parts, gap, discontinuity, sequence, line } = segment
  const addresses = [...(uri === null ? [] : [uri]), ...parts.map((part) => part.uri)]
  if (map === null) complain('map-missing', `segment ${sequence}`, line)
  else if (addresses.some((address) => folderOf(address) !== folderOf(map))) {
    complain('map-elsewhere', `segment ${sequence} has ${map}`, line)
  }
  if (before?.sequence === sequence - 1 && before.map !== map && !discontinuity) {
    complain('map-changed', `segment ${sequence}: ${before.map} became ${map}`, line)
  }
  const media = gap ? parts.find((part) => !part.gap) : undefined
  if (media) complain('gap-parts', `segment ${sequence}`, media.line)
}

function folderOf(uri: string): string {
  return uri.slice(0, uri.lastIndexOf('/'))
}
