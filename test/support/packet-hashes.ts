import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runFfmpeg } from '../../origin/media/ffmpeg.ts'
import { temporaryFolder } from './browser.ts'

/** A hash of each packet of a file's or an address's picture or sound, in decoding order: what was encoded, bit by bit. */
export async function packetHashes(source: string, kind: 'video' | 'audio'): Promise<string[]> {
  const folder = await temporaryFolder('hashes')
  try {
    const target = join(folder.path, 'hashes')
    await runFfmpeg({
      inputs: [{ source, options: [] }],
      outputs: [
        {
          target,
          options: ['-map', `0:${kind[0]}:0`, '-c', 'copy', '-f', 'framehash', '-hash', 'md5'],
        },
      ],
      limits: { wallMs: 60_000 },
    })
    const lines = (await readFile(target, 'utf8')).split('\n')
    return lines
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(',').at(-1)?.trim() ?? '')
  } finally {
    await folder.remove()
  }
}
