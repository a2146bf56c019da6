import { create } from '@bufbuild/protobuf'
import { Code, ConnectError } from '@connectrpc/connect'
import { type LocateResponse, LocateResponseSchema } from '@streamtube/contracts/gen/streamtube/v1/edge_pb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Locator } from './locator.ts'

const TIMELINE = '01kb0000000000000000000000'
const at = (liveUrl: string) =>
  create(LocateResponseSchema, { liveUrl, libraryUrl: 'http://library', maxAgeMs: 1_000 })

let answers: PromiseWithResolvers<LocateResponse>[]
let locator: Locator

beforeEach(async () => {
  vi.useFakeTimers()
  answers = []
  const locate = () => {
    const answer = Promise.withResolvers<LocateResponse>()
    answers.push(answer)
    return answer.promise
  }
  const log = { info() {}, warn() {}, error() {} }
  locator = new Locator({ rpc: { locate }, nowMs: Date.now, sharing: 'process', log } as never)
  const first = locator.locate(TIMELINE)
  answers[0]?.resolve(at('http://one'))
  expect((await first).liveUrl).toBe('http://one')
})
afterEach(() => vi.useRealTimers())

test('an api role that hangs holds nobody up where the place was known', async () => {
  vi.advanceTimersByTime(1_500)
  const slow = locator.locate(TIMELINE)
  await vi.advanceTimersByTimeAsync(100)
  expect((await slow).liveUrl).toBe('http://one')
  expect((await locator.locate(TIMELINE)).liveUrl).toBe('http://one')
  expect(answers).toHaveLength(2)
  answers[1]?.resolve(at('http://two'))
  await vi.advanceTimersByTimeAsync(0)
  expect((await locator.locate(TIMELINE)).liveUrl).toBe('http://two')
})

test('an answer that comes in time is the one', async () => {
  vi.advanceTimersByTime(1_500)
  const asked = locator.locate(TIMELINE)
  await vi.advanceTimersByTimeAsync(50)
  answers[1]?.resolve(at('http://two'))
  expect((await asked).liveUrl).toBe('http://two')
})

test('a place that did not answer is asked for anew at once, with more patience', async () => {
  locator.doubt(TIMELINE)
  const asked = locator.locate(TIMELINE)
  await vi.advanceTimersByTimeAsync(450)
  answers[1]?.resolve(at('http://two'))
  expect((await asked).liveUrl).toBe('http://two')
})

test('where nobody says a new place in half a second the old one is tried, and the new one taken when it is said', async () => {
  locator.doubt(TIMELINE)
  const asked = locator.locate(TIMELINE)
  await vi.advanceTimersByTimeAsync(500)
  expect((await asked).liveUrl).toBe('http://one')
  answers[1]?.resolve(at('http://two'))
  await vi.advanceTimersByTimeAsync(0)
  expect((await locator.locate(TIMELINE)).liveUrl).toBe('http://two')
})

test('a place that goes on not answering is asked for four times a second, and is news once', async () => {
  expect(locator.doubt(TIMELINE)).toBe(true)
  const asked = locator.locate(TIMELINE)
  answers[1]?.resolve(at('http://one'))
  await asked
  for (let attempt = 0; attempt < 10; attempt++) {
    expect(locator.doubt(TIMELINE)).toBe(false)
    await locator.locate(TIMELINE)
    await vi.advanceTimersByTimeAsync(24)
  }
  expect(answers).toHaveLength(2)
  await vi.advanceTimersByTimeAsync(10)
  const again = locator.locate(TIMELINE)
  answers[2]?.resolve(at('http://two'))
  expect((await again).liveUrl).toBe('http://two')
  expect(locator.doubt(TIMELINE)).toBe(true)
})

test('what the api role refuses late breaks nothing, and the old place serves on', async () => {
  vi.advanceTimersByTime(1_500)
  const slow = locator.locate(TIMELINE)
  await vi.advanceTimersByTimeAsync(100)
  await slow
  answers[1]?.reject(new ConnectError('away', Code.Unavailable))
  await vi.advanceTimersByTimeAsync(0)
  expect((await locator.locate(TIMELINE)).liveUrl).toBe('http://one')
  vi.advanceTimersByTime(999)
  await locator.locate(TIMELINE)
  expect(answers).toHaveLength(2)
})

test('an api role that has too much to say keeps nobody from a place that was known', async () => {
  vi.advanceTimersByTime(1_500)
  const others = [...Array(256)].map((_, n) => locator.locate(`other-${n}`).catch(() => {}))
  expect((await locator.locate(TIMELINE)).liveUrl).toBe('http://one')
  for (const answer of answers.slice(1)) answer.resolve(at('http://one'))
  await Promise.all(others)
})
