import { setTimeout as wait } from 'node:timers/promises'
import type { LatencyMode } from '@streamtube/contracts/api/resources.ts'
import type { Platform } from './platform.ts'

const LIVE_DEADLINE_MS = 30_000

/** The first person of a site, with a channel and a stream key, who does by the API what a person does in the pages. */
export class Creator {
  readonly handle: string
  readonly key: string
  readonly #platform: Platform
  readonly #cookie: string

  private constructor(platform: Platform, handle: string, cookie: string, key: string) {
    this.#platform = platform
    this.handle = handle
    this.#cookie = cookie
    this.key = key
  }

  /** Makes the first account, by the link of the start-up banner. */
  static async first(platform: Platform, handle = 'ada'): Promise<Creator> {
    const setupToken = new URL(String(platform.setupLink)).searchParams.get('token')
    const body = { handle, email: `${handle}@example.org`, password: 'correct horse battery', setupToken }
    const response = await request(platform, 'POST', '/accounts', { body })
    const cookie = response.headers
      .getSetCookie()
      .map((each) => each.split(';', 1)[0])
      .join('; ')
    const made = await request(platform, 'POST', `/channels/${handle}/stream-key`, { cookie })
    const { key } = (await made.json()) as { key: string }
    return new Creator(platform, handle, cookie, key)
  }

  /** The same person with another channel. */
  async withChannel(handle: string): Promise<Creator> {
    const cookie = this.#cookie
    const body = { handle, name: handle }
    await request(this.#platform, 'POST', '/channels', { cookie, body })
    const made = await request(this.#platform, 'POST', `/channels/${handle}/stream-key`, { cookie })
    const { key } = (await made.json()) as { key: string }
    return new Creator(this.#platform, handle, cookie, key)
  }

  /** How the next streams are to be. */
  async set(settings: {
    latency?: LatencyMode
    ladder?: 'auto' | 'on' | 'off'
    reconnectWindowSeconds?: number
  }): Promise<void> {
    const cookie = this.#cookie
    await request(this.#platform, 'PATCH', `/channels/${this.handle}`, { cookie, body: settings })
  }

  /**
   * The id of the channel's stream that is live, as soon as there is one.
   * @param previous the one before, which may still be listed for a moment
   */
  async liveId(previous: string | null = null): Promise<string> {
    for (
      const deadline = performance.now() + LIVE_DEADLINE_MS;
      performance.now() < deadline;
      await wait(100)
    ) {
      const own = (await this.#live()).find((id) => id !== previous)
      if (own !== undefined) return own
    }
    throw new Error('the stream did not go live')
  }

  /** Waits until a stream is over: its channel takes the next publisher. */
  async untilOver(id: string): Promise<void> {
    for (
      const deadline = performance.now() + LIVE_DEADLINE_MS;
      performance.now() < deadline;
      await wait(100)
    ) {
      if (!(await this.#live()).includes(id)) return
    }
    throw new Error('the stream did not end')
  }

  async #live(): Promise<string[]> {
    const response = await request(this.#platform, 'GET', '/videos?state=live')
    const { items } = (await response.json()) as { items: { id: string; channel: { handle: string } }[] }
    return items.flatMap(({ id, channel }) => (channel.handle === this.handle ? [id] : []))
  }

  /** The address of a live stream's master for a viewer of its own. */
  async play(id: string): Promise<URL> {
    const response = await request(this.#platform, 'POST', `/playback/live/${id}`)
    const { master } = (await response.json()) as { master: string }
    return new URL(master, this.#platform.url)
  }
}

async function request(
  platform: Platform,
  method: string,
  path: string,
  { cookie, body }: { cookie?: string; body?: unknown } = {},
): Promise<Response> {
  const response = await fetch(`${platform.url}/api/v1${path}`, {
    method,
    headers: {
      origin: platform.url,
      ...(cookie && { cookie }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${response.status} for ${method} ${path}: ${await response.text()}`)
  return response
}
