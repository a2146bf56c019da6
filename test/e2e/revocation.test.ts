import { afterAll, beforeAll, expect, test } from 'vitest'
import { temporaryFolder } from '../support/browser.ts'
import { type Platform, startPlatform } from '../support/platform.ts'
import { makeSource, type Publisher, startPublisher } from '../support/publisher.ts'

/** Promised are 2 s; five times that is for a busy machine. */
const CEILING_MS = 10_000

let platform: Platform
let folder: Awaited<ReturnType<typeof temporaryFolder>>
let publisher: Publisher | undefined
let videoId = ''

beforeAll(async () => {
  folder = await temporaryFolder('revocation')
  platform = await startPlatform()
}, 180_000)

afterAll(async () => {
  await publisher?.stop()
  await platform?.stop()
  await folder?.remove()
}, 60_000)

/** Somebody with an account, as the site's pages ask for them. */
class Person {
  #cookie = ''

  async call(method: string, path: string, body?: unknown) {
    const response = await fetch(`${platform.url}/api/v1${path}`, {
      method,
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin', cookie: this.#cookie },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
    for (const line of response.headers.getSetCookie()) this.#cookie = line.split(';', 1)[0] ?? ''
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : JSON.parse(text) }
  }

  async signUp(handle: string, setupToken?: string): Promise<void> {
    const account = { handle, email: `${handle}@example.org`, password: 'correct horse battery', setupToken }
    expect((await this.call('POST', '/accounts', account)).status).toBe(201)
  }

  /** The address of a playlist of the live stream, with a token of this person's. */
  async startPlaying(): Promise<string> {
    const { status, body } = await this.call('POST', `/playback/live/${videoId}`)
    expect(status).toBe(200)
    return body.master.replace('master', 'source')
  }
}

const statusOf = async (path: string) => (await fetch(platform.url + path)).status

const [ada, bob] = [new Person(), new Person()]

test('two people watch a live stream', async () => {
  await ada.signUp('ada', new URL(String(platform.setupLink)).searchParams.get('token') ?? '')
  await bob.signUp('bob')
  const { body } = await ada.call('POST', '/channels/ada/stream-key')
  publisher = startPublisher(await makeSource(folder.path), `${platform.rtmpUrl}/${body.key}`)
  const live = async () => {
    const { items } = (await ada.call('GET', '/videos?state=live')).body
    videoId = items[0]?.id ?? ''
    return videoId
  }
  await expect.poll(live, { timeout: 30_000 }).not.toBe('')
  for (const person of [ada, bob]) {
    const path = await person.startPlaying()
    await expect.poll(() => statusOf(path), { timeout: 20_000 }).toBe(200)
  }
})

test('one of them signs out: that playback ends within seconds, the other goes on', async () => {
  const [hers, his] = [await ada.startPlaying(), await bob.startPlaying()]
  expect([await statusOf(hers), await statusOf(his)]).toEqual([200, 200])
  expect((await bob.call('DELETE', '/session')).status).toBe(204)
  await expect.poll(() => statusOf(his), { timeout: CEILING_MS, interval: 50 }).toBe(403)
  expect(await statusOf(hers)).toBe(200)
  const answer = await fetch(platform.url + his)
  expect(await answer.json()).toMatchObject({ type: '/problems/forbidden', status: 403 })
})

test('whoever signed out may still watch as a guest, by an address of a guest', async () => {
  const path = await bob.startPlaying()
  await expect.poll(() => statusOf(path), { timeout: CEILING_MS }).toBe(200)
})
