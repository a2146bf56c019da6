import { execFile } from 'node:child_process'

/** A player that has had nothing for this much longer than it wanted has failed. */
const PATIENCE_MS = 30_000

/**
 * Lets ffmpeg play an address for some seconds (or to its end) and decode every frame.
 * @throws with what ffmpeg complained about, be it a warning of its demuxer or a broken frame
 */
export function playsFor(seconds: number, url: URL): Promise<void> {
  const args = ['-hide_banner', '-nostdin', '-v', 'error', '-xerror', '-i', url.href, '-t', String(seconds)]
  return new Promise((resolve, reject) => {
    const options = { timeout: seconds * 1000 + PATIENCE_MS }
    execFile('ffmpeg', [...args, '-f', 'null', '-'], options, (error, _, complaints) => {
      if (!error && complaints.trim() === '') return resolve()
      const path = url.pathname.replace(/^\/p\/[^/]+/, '/p/-')
      reject(
        new Error(`ffmpeg could not play ${path} for ${seconds} s: ${complaints.trim() || error?.message}`),
      )
    })
  })
}
