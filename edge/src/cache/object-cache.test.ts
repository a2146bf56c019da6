import { beforeEach, describe, expect, test, vi } from 'vitest'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { ObjectCache, type Recipe } from './object-cache.ts'

const KIB = 1024
let nowMs = 0
const lines: string[] = []

function createCache(more: Partial<ConstructorParameters<typeof ObjectCache>[0]> = {}): ObjectCache {
  const gauge = createMetrics('test').gauge({ name: 'x', help: 'x', labelNames: ['x'] })
  return new ObjectCache({
    sharing: 'process',
    nowMs: () => nowMs,
    log: createLog({ process: 'edge', level: 'warn', nowMs: () => nowMs, write: (line) => lines.push(line) }),
    maxBytes: 4096 * KIB,
    maxObjectBytes: 1024 * KIB,
    maxUnderWay: 4,
    metrics: { hits: gauge.labels('h'), misses: gauge.labels('m'), bytes: gauge.labels('b') },
    ...more,
  })
}

function recipe(load: Recipe['load'], keepMs = Number.POSITIVE_INFINITY): Recipe {
  return { load, describe: () => ({ headers: [], keepMs }) }
}

/** A body sent by hand. */
function slowBody(sizeBytes: number) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given
    },
  })
  return {
    response: new Response(body, { headers: { 'content-length': String(sizeBytes) } }),
    send: (bytes: number) => controller?.enqueue(new Uint8Array(bytes).fill(7)),
    end: () => controller?.close(),
  }
}

beforeEach(() => {
  nowMs = 0
  lines.length = 0
})

describe('a large object', () => {
  test('is answered while it arrives, to all who come meanwhile, and kept when it is whole', async () => {
    const cache = createCache()
    const slow = slowBody(600 * KIB)
    const load = vi.fn(async () => slow.response)
    const first = await cache.load('a', recipe(load))
    slow.send(300 * KIB)
    const second = await cache.load('a', recipe(load))
    if (first.type !== 'object' || second.type !== 'object') throw new Error('no object')
    const reader = first.object.body.stream(0, 600 * KIB - 1).getReader()
    expect((await reader.read()).value?.byteLength).toBe(64 * KIB)
    expect(cache.get('a')).toBeUndefined()
    slow.send(300 * KIB)
    slow.end()
    const whole = new Response(second.object.body.stream(1, 600 * KIB - 1))
    expect((await whole.arrayBuffer()).byteLength).toBe(600 * KIB - 1)
    await first.object.body.whole
    expect(cache.get('a')?.body.sizeBytes).toBe(600 * KIB)
    expect(load).toHaveBeenCalledTimes(1)
    await reader.cancel()
  })

  test('goes on arriving when a reader goes away', async () => {
    const cache = createCache()
    const slow = slowBody(300 * KIB)
    const loaded = await cache.load(
      'a',
      recipe(async () => slow.response),
    )
    if (loaded.type !== 'object') throw new Error('no object')
    await loaded.object.body.stream(0, 10).cancel()
    slow.send(300 * KIB)
    slow.end()
    await loaded.object.body.whole
    expect(cache.get('a')).toBeDefined()
  })

  test('that breaks off fails for its readers, is forgotten and said in the log', async () => {
    const cache = createCache()
    const slow = slowBody(300 * KIB)
    const loaded = await cache.load(
      'a',
      recipe(async () => slow.response),
    )
    if (loaded.type !== 'object') throw new Error('no object')
    slow.send(KIB)
    slow.end()
    await expect(new Response(loaded.object.body.stream(0, 300 * KIB - 1)).arrayBuffer()).rejects.toThrow()
    await expect(loaded.object.body.whole).rejects.toMatchObject({ code: 'broken-body' })
    expect(cache.get('a')).toBeUndefined()
    await vi.waitFor(() => expect(lines.join()).toContain('An object broke off'))
  })
})

test('an object over the limit is not kept, with or without an announced size', async () => {
  const cache = createCache({ maxObjectBytes: 10 })
  const announced = new Response('x'.repeat(11), { headers: { 'content-length': '11' } })
  const unannounced = new Response('x'.repeat(11))
  expect(
    await cache.load(
      'a',
      recipe(async () => announced),
    ),
  ).toEqual({ type: 'large' })
  expect(
    await cache.load(
      'b',
      recipe(async () => unannounced),
    ),
  ).toEqual({ type: 'large' })
})

test('what lies about its size is not kept', async () => {
  const cache = createCache()
  for (const size of ['3', '5']) {
    const lying = new Response('four', { headers: { 'content-length': size } })
    await expect(
      cache.load(
        'a',
        recipe(async () => lying),
      ),
    ).rejects.toMatchObject({ code: 'broken-body' })
  }
})

test('an empty object is an object', async () => {
  const cache = createCache()
  await cache.load(
    'a',
    recipe(async () => new Response(null)),
  )
  expect(cache.get('a')?.body.bytes?.byteLength).toBe(0)
})

test('the bound of bytes holds', async () => {
  const cache = createCache({ maxBytes: 100 * KIB, maxObjectBytes: 50 * KIB })
  for (let i = 0; i < 20; i++)
    await cache.load(
      `${i}`,
      recipe(async () => new Response('x'.repeat(20 * KIB))),
    )
  const kept = [...Array(20).keys()].filter((i) => cache.get(`${i}`))
  expect(kept).toEqual([16, 17, 18, 19])
})

test('only so much is under way at once, and room comes back', async () => {
  const cache = createCache({ maxUnderWay: 2 })
  const waiting = Promise.withResolvers<Response>()
  const flights = ['a', 'b'].map((key) =>
    cache.load(
      key,
      recipe(async () => (await waiting.promise).clone()),
    ),
  )
  await expect(
    cache.load(
      'c',
      recipe(async () => new Response('c')),
    ),
  ).rejects.toMatchObject({ code: 'busy' })
  waiting.resolve(new Response('x'))
  await Promise.all(flights)
  expect(
    await cache.load(
      'c',
      recipe(async () => new Response('c')),
    ),
  ).toMatchObject({ type: 'object' })
})

test('a failure goes to all who waited, and to nobody after them', async () => {
  const cache = createCache()
  const load = vi.fn(async (): Promise<Response> => {
    throw new Error('no route')
  })
  const answers = await Promise.allSettled([1, 2, 3].map(() => cache.load('a', recipe(load))))
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(load).toHaveBeenCalledTimes(1)
  expect(
    await cache.load(
      'a',
      recipe(async () => new Response('x')),
    ),
  ).toMatchObject({ type: 'object' })
})

test('an origin that says nothing, or stops in the middle, is given up', async () => {
  vi.useFakeTimers()
  try {
    const cache = createCache()
    const aborted = (signal: AbortSignal) =>
      new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const silent = expect(cache.load('a', recipe(aborted))).rejects.toMatchObject({ name: 'TimeoutError' })
    await vi.advanceTimersByTimeAsync(15_000)
    await silent
    const stalling = cache.load(
      'b',
      recipe(async (signal) => {
        const body = new ReadableStream<Uint8Array>({
          start: (controller) => signal.addEventListener('abort', () => controller.error(signal.reason)),
        })
        return new Response(body, { headers: { 'content-length': '9' } })
      }),
    )
    const stalled = expect(stalling).rejects.toMatchObject({ code: 'broken-body' })
    await vi.advanceTimersByTimeAsync(10_000)
    await stalled
  } finally {
    vi.useRealTimers()
  }
})

test('where requests may not wait on each other, only what is whole is shared', async () => {
  const cache = createCache({ sharing: 'request', maxUnderWay: 1 })
  const load = vi.fn(async () => new Response('x'))
  await Promise.all([cache.load('a', recipe(load)), cache.load('a', recipe(load))])
  expect(load).toHaveBeenCalledTimes(2)
  expect(cache.get('a')).toBeDefined()
})
