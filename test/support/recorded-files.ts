import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** The media of a timeline in a platform's store: name, relative to the timeline's folder, to size and time of change. */
export type RecordedFiles = ReadonlyMap<string, { sizeBytes: number; changedMs: number }>

/** What is kept of a timeline's media now. Pictures are none. */
export function recordedFiles(dataDir: string, timelineId: string): RecordedFiles {
  const folder = join(dataDir, 'blobs', 'timelines', timelineId)
  const files = new Map<string, { sizeBytes: number; changedMs: number }>()
  if (!existsSync(folder)) return files
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!/\.(m4s|mp4)$/.test(name)) continue
    const { size, mtimeMs } = statSync(join(folder, name))
    files.set(name, { sizeBytes: size, changedMs: mtimeMs })
  }
  return files
}

/** Segments of a rendition that may be under way when a stream ends: the one that is written, and the one before. */
const UNDER_WAY = 2

/** Bytes of files that are new or changed: of the last segments of each rendition, and of all else. */
export function writtenSince(
  before: RecordedFiles,
  after: RecordedFiles,
): { tailBytes: number; otherBytes: number } {
  const last = new Map<string, number>()
  for (const name of after.keys()) {
    const { folder, number } = partsOf(name)
    last.set(folder, Math.max(number, last.get(folder) ?? -1))
  }
  let tailBytes = 0
  let otherBytes = 0
  for (const [name, { sizeBytes, changedMs }] of after) {
    const known = before.get(name)
    if (known?.sizeBytes === sizeBytes && known.changedMs === changedMs) continue
    const { folder, number } = partsOf(name)
    if (number > (last.get(folder) ?? 0) - UNDER_WAY) tailBytes += sizeBytes
    else otherBytes += sizeBytes
  }
  return { tailBytes, otherBytes }
}

/** The folder, and the number of a segment; -1 for a header. */
function partsOf(name: string): { folder: string; number: number } {
  const slash = name.lastIndexOf('/')
  const match = /\/s(\d+)\.m4s$/.exec(name)
  return { folder: name.slice(0, slash), number: match ? Number(match[1]) : -1 }
}
