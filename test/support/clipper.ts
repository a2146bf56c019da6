import type { Platform } from './platform.ts'

/** A person of a site who makes clips, as a program does. */
export class Clipper {
  readonly #platform: Platform
  readonly #cookie: string

  private constructor(platform: Platform, cookie: string) {
    this.#platform = platform
    this.#cookie = cookie
  }

  /** Signs somebody new up. */
  static async signUp(platform: Platform, handle: string): Promise<Clipper> {
    const body = { handle, email: `${handle}@example.org`, password: 'correct horse battery' }
    const answer = await post(platform, '/accounts', { body })
    const cookies = answer.headers.getSetCookie().map((each) => each.split(';', 1)[0])
    await answer.body?.cancel()
    return new Clipper(platform, cookies.join('; '))
  }

  /** Makes a clip. @param range as in NewClip @returns its id */
  async clip(videoId: string, range: object): Promise<string> {
    const answer = await post(this.#platform, '/clips', { cookie: this.#cookie, body: { videoId, ...range } })
    return ((await answer.json()) as { id: string }).id
  }

  /** The address of a clip's master, for a viewer of its own. */
  async play(clipId: string): Promise<URL> {
    const answer = await post(this.#platform, `/playback/clip/${clipId}`, {})
    return new URL(((await answer.json()) as { master: string }).master, this.#platform.url)
  }
}

async function post(
  platform: Platform,
  path: string,
  { cookie, body }: { cookie?: string; body?: unknown },
): Promise<Response> {
  const answer = await fetch(`${platform.url}/api/v1${path}`, {
    method: 'POST',
    headers: {
      origin: platform.url,
      ...(cookie && { cookie }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`${answer.status} for ${path}: ${await answer.text()}`)
  return answer
}
