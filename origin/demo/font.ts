import { readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where systems keep fonts. */
const FOLDERS = [
  '/usr/share/fonts',
  '/usr/local/share/fonts',
  '/System/Library/Fonts',
  '/Library/Fonts',
  'C:\\Windows\\Fonts',
]
const OWN_FOLDERS = ['.local/share/fonts', '.fonts', 'Library/Fonts']

/** The first of these that is there; else any that has plain Latin letters by its name. */
const LIKED = [
  'Inter-Regular',
  'DejaVuSans',
  'NotoSans-Regular',
  'LiberationSans-Regular',
  'OpenSans-Regular',
  'Roboto-Regular',
  'Helvetica',
  'Arial',
  'segoeui',
]
const FONT_FILE = /\.(ttf|otf|ttc)$/i
const DEPTH_MAX = 4
const FILES_MAX = 5000

/** Finds a font file for titles; null on a machine without one. */
export async function findFont(
  folders: readonly string[] = [...OWN_FOLDERS.map((folder) => join(homedir(), folder)), ...FOLDERS],
): Promise<string | null> {
  const found: string[] = []
  for (const folder of folders) await collect(folder, 0, found)
  const stem = (path: string) => (path.split(/[/\\]/).at(-1) ?? '').replace(FONT_FILE, '').toLowerCase()
  for (const liked of LIKED) {
    const path = found.find((one) => stem(one) === liked.toLowerCase())
    if (path) return path
  }
  return (
    found.find(
      (path) => /(sans|regular)/.test(stem(path)) && !/(noto|symbol|emoji|mono|italic)/.test(stem(path)),
    ) ?? null
  )
}

async function collect(folder: string, depth: number, found: string[]): Promise<void> {
  if (depth > DEPTH_MAX || found.length >= FILES_MAX) return
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) await collect(path, depth + 1, found)
    else if (FONT_FILE.test(entry.name)) found.push(path)
  }
}
