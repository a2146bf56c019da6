import { setTimeout as wait } from 'node:timers/promises'
import { playbackSchema } from '@streamtube/contracts/api/resources.ts'

export interface Site {
  /** Base of what people open. */
  publicUrl: string
  /** Base under which this process reaches the edge. */
  siteUrl: string
  signal: AbortSignal
}

const REQUEST_TIMEOUT_MS = 5000
const LOOK_AGAIN_MS = 250

/** Addresses of a video, the way people and players open it. */
export interface Addresses {
  id: string
  watch: string
  /** With a token that is good for hours. */
  master: string
}

/**
 * Asks the site for leave to play, again and again until it gives it.
 * @throws when the signal is aborted or nothing came by the deadline
 */
export async function addressesOf(
  site: Site,
  kind: 'live' | 'vod',
  id: string,
  timeoutMs: number,
): Promise<Addresses> {
  const path = await until(site, timeoutMs, `playback of ${kind} ${id}`, async (signal) => {
    const response = await fetch(`${site.siteUrl}/api/v1/playback/${kind}/${id}`, {
      method: 'POST',
      headers: { origin: new URL(site.publicUrl).origin, 'sec-fetch-site': 'same-origin' },
      signal,
    })
    if (!response.ok) return await refused(response)
    return playbackSchema.parse(await response.json()).master
  })
  return { id, watch: `${site.publicUrl}/watch/${id}`, master: new URL(path, site.publicUrl).href }
}

/** Waits until a live stream lists a whole segment: a player that knows no parts finds nothing to play before. */
export async function untilPlayable(site: Site, master: string, timeoutMs: number): Promise<void> {
  const masterUrl = new URL(new URL(master).pathname, site.siteUrl)
  await until(site, timeoutMs, 'the live picture', async (signal) => {
    const variants = (await playlist(masterUrl, signal))?.filter(
      (line) => line !== '' && !line.startsWith('#'),
    )
    const [first] = variants ?? []
    if (first === undefined) return null
    const segments = await playlist(new URL(first, masterUrl), signal)
    return segments?.some((line) => line.startsWith('#EXTINF')) ? 'playable' : null
  })
}

async function playlist(url: URL, signal: AbortSignal): Promise<string[] | null> {
  const response = await fetch(url, { signal })
  return response.ok ? (await response.text()).split('\n') : await refused(response)
}

async function refused(response: Response): Promise<null> {
  await response.body?.cancel()
  return null
}

async function until(
  { signal }: Site,
  timeoutMs: number,
  what: string,
  ask: (signal: AbortSignal) => Promise<string | null>,
): Promise<string> {
  const deadline = performance.now() + timeoutMs
  let failure: unknown
  while (performance.now() < deadline) {
    signal.throwIfAborted()
    try {
      const answer = await ask(AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]))
      if (answer !== null) return answer
    } catch (error) {
      failure = error
    }
    await wait(LOOK_AGAIN_MS, undefined, { signal })
  }
  throw new Error(`${what} did not come within ${timeoutMs / 1000} s`, { cause: failure })
}
