import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { MediaOrigin, type MediaOriginOptions } from './media-origin.ts'

const ADDRESS = 'live/v/source.m3u8?_HLS_msn=1'
const request = { type: 'playlist', address: ADDRESS, timelineId: 't', live: true } as const

let liveUrl: string | undefined
let asked: { url: string; signal: AbortSignal }[]
let doubts: number
let answers: Record<string, () => Response | Promise<Response>>

function createOrigin(): MediaOrigin {
  const options = {
    locator: {
      locate: async () => ({ liveUrl, libraryUrl: 'http://library' }),
      doubt: () => ++doubts === 1,
    },
    fetch: (url: string, { signal }: { signal: AbortSignal }) => {
      asked.push({ url, signal })
      const answer = answers[new URL(url).host]
      return new Promise<Response>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason))
        if (answer) Promise.resolve().then(answer).then(resolve, reject)
      })
    },
    proof: async () => 'proof',
    newId: () => 'id',
    log: { debug() {}, info() {}, warn() {}, error() {} },
    requests: { labels: () => ({ inc() {}, dec() {}, set() {} }) },
  }
  return new MediaOrigin(options as unknown as MediaOriginOptions)
}

beforeEach(() => {
  vi.useFakeTimers()
  liveUrl = 'http://one'
  asked = []
  doubts = 0
  answers = { library: () => new Response(null, { status: 404 }) }
})
afterEach(() => vi.useRealTimers())

const hosts = () => asked.map(({ url }) => new URL(url).host)

test('who waits at an origin that the broadcast leaves is answered by the new one within a second', async () => {
  answers.two = () => new Response('new')
  const answer = createOrigin().fetch(request, new AbortController().signal)
  await vi.advanceTimersByTimeAsync(5000)
  expect(hosts()).toEqual(['one'])
  liveUrl = 'http://two'
  await vi.advanceTimersByTimeAsync(1000)
  expect(await (await answer).text()).toBe('new')
  expect(asked[0]?.signal.aborted).toBe(true)
  expect(vi.getTimerCount()).toBe(0)
})

test('a new place that is known already when the old one fails is asked at once', async () => {
  answers.one = () => {
    liveUrl = 'http://two'
    throw new TypeError('connection refused')
  }
  answers.two = () => new Response('new')
  const answer = await createOrigin().fetch(request, new AbortController().signal)
  expect(await answer.text()).toBe('new')
  expect([hosts(), doubts]).toEqual([['one', 'two'], 1])
})

test('a broadcast that moves and moves is followed three times, then left to the recordings', async () => {
  let move = 0
  const refuse = () => {
    liveUrl = `http://place${++move}`
    throw new TypeError('connection refused')
  }
  answers = { ...answers, one: refuse, place1: refuse, place2: refuse, place3: refuse }
  const answer = createOrigin().fetch(request, new AbortController().signal)
  await expect(answer).rejects.toMatchObject({ code: 'origin-away' })
  expect(hosts()).toEqual(['one', 'place1', 'place2', 'library'])
})

test('who is given up while waiting asks nobody else', async () => {
  const deadline = new AbortController()
  const answer = createOrigin().fetch(request, deadline.signal)
  const failed = expect(answer).rejects.toMatchObject({ name: 'TimeoutError' })
  await vi.advanceTimersByTimeAsync(0)
  deadline.abort(new DOMException('too long', 'TimeoutError'))
  await failed
  expect(hosts()).toEqual(['one'])
  expect(vi.getTimerCount()).toBe(0)
})
