/**
 * The little of HLS that a worker reads: our own playlists (origin/media/playlists.ts). RFC 8216bis.
 */

/** What stands between quotes in a tag's attribute, or bare up to the next comma; null when it isn't there. */
function attribute(line: string, name: string): string | null {
  const match = new RegExp(`[:,]${name}=(?:"([^"]*)"|([^,]*))`).exec(line)
  return match?.[1] ?? match?.[2] ?? null
}

/** The address of the widest variant of a master playlist; null without one. */
export function bestVariant(master: string): string | null {
  const lines = linesOf(master)
  let best: { uri: string; bandwidth: number } | null = null
  lines.forEach((line, index) => {
    const uri = lines[index + 1]
    if (!line.startsWith('#EXT-X-STREAM-INF:') || !uri || uri.startsWith('#')) return
    const bandwidth = Number(attribute(line, 'BANDWIDTH') ?? 0)
    if (!best || bandwidth > best.bandwidth) best = { uri, bandwidth }
  })
  return (best as { uri: string } | null)?.uri ?? null
}

/** Media that begins with a key frame, and the header that it needs. */
export interface Picture {
  init: string
  media: string
}

/**
 * The newest part that begins with a key frame: it is out long before its segment. The newest whole segment where the
 * playlist has no such part. Null when there is neither.
 */
export function newestPicture(playlist: string): Picture | null {
  let init: string | null = null
  let gap = false
  let part: Picture | null = null
  let segment: Picture | null = null
  for (const line of linesOf(playlist)) {
    if (line.startsWith('#EXT-X-MAP:')) init = attribute(line, 'URI')
    else if (line === '#EXT-X-GAP') gap = true
    else if (line.startsWith('#EXT-X-PART:')) part = independentPart(init, line) ?? part
    else if (!line.startsWith('#')) {
      if (init && !gap) segment = { init, media: line }
      gap = false
    }
  }
  return part ?? segment
}

function independentPart(init: string | null, line: string): Picture | null {
  const media = attribute(line, 'URI')
  const isKey = attribute(line, 'INDEPENDENT') === 'YES' && attribute(line, 'GAP') !== 'YES'
  return init && media && isKey ? { init, media } : null
}

function linesOf(text: string): string[] {
  return text.split('\n').flatMap((line) => line.trim() || [])
}
