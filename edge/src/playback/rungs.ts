/** Which rungs a master playlist has and how tall they are (RFC 8216bis, 4.4.6). Pure functions of its text. */

const RUNG_ID = /^(\d{2,4})p\d{1,3}$/
const RESOLUTION = /[:,]RESOLUTION=(\d{1,5})x(\d{1,5})/
const URI_ATTRIBUTE = /[:,]URI="([^"]*)"/

/** Lines of a rung by its id (`720p30`: 720); undefined for ids that don't say (`source`, `audio`). */
export function linesOfRungId(renditionId: string): number | undefined {
  const match = RUNG_ID.exec(renditionId)
  return match ? Number(match[1]) : undefined
}

/** Lines of each rendition of a master; 0 for one that has no picture. */
export function linesOfRenditions(master: string): Map<string, number> {
  const lines = new Map<string, number>()
  for (const entry of entriesOf(master)) {
    if (entry.renditionId === undefined) continue
    lines.set(entry.renditionId, Math.max(entry.lines, lines.get(entry.renditionId) ?? 0))
  }
  return lines
}

/**
 * Drops every variant taller than `maxLines`. Null when none is left.
 * @param maxLines of the picture's shorter side, so that a portrait video is judged like a landscape one
 */
export function trimMaster(master: string, maxLines: number): string | null {
  let variants = 0
  const kept: string[] = []
  for (const entry of entriesOf(master)) {
    if (entry.lines > maxLines) continue
    if (entry.isVariant) variants++
    kept.push(...entry.text)
  }
  return variants > 0 ? kept.join('\n') : null
}

interface Entry {
  /** The lines of text that belong together. */
  text: string[]
  isVariant: boolean
  renditionId: string | undefined
  lines: number
}

/** A variant is its tag and the address on the next line that is no comment; every other line stands for itself. */
function entriesOf(master: string): Entry[] {
  const entries: Entry[] = []
  let variant: Entry | undefined
  for (const line of master.split(/\r?\n/)) {
    if (line.startsWith('#EXT-X-STREAM-INF:')) {
      variant = { text: [line], isVariant: true, renditionId: undefined, lines: heightOf(line) }
      entries.push(variant)
    } else if (variant) {
      variant.text.push(line)
      if (line === '' || line.startsWith('#')) continue
      variant.renditionId = renditionOf(line)
      variant.lines ||= linesOfRungId(variant.renditionId) ?? 0
      variant = undefined
    } else {
      const uri = line.startsWith('#EXT-X-') ? URI_ATTRIBUTE.exec(line)?.[1] : undefined
      const renditionId = uri === undefined ? undefined : renditionOf(uri)
      entries.push({ text: [line], isVariant: false, renditionId, lines: heightOf(line) })
    }
  }
  return entries
}

function heightOf(tag: string): number {
  const match = RESOLUTION.exec(tag)
  return match ? Math.min(Number(match[1]), Number(match[2])) : 0
}

function renditionOf(uri: string): string {
  const path = uri.split('?', 1)[0] ?? ''
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.m3u8$/, '')
}
