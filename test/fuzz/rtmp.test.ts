import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect as connectTo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { makeSource, startPublisher } from '../support/publisher.ts'
import { readSource, Sender } from '../support/rtmp-sender.ts'
import { RtmpSink } from '../support/rtmp-sink.ts'

const LONG = process.env.LONG === '1'
const CONNECTIONS = LONG ? 100_000 : 3_000
const AT_ONCE = 16
/**
 * What memory may vary by, with what the system's allocator keeps of sockets that ended together. What a connection left
 * behind would add up to more: 22 KB each, and with the full number of them 1 KB.
 */
const MEMORY_BYTES = (LONG ? 100 : 64) * 1024 * 1024

const folder = mkdtempSync(join(tmpdir(), 'streamtube-fuzz-'))
let sink: RtmpSink
let port: number
let file: string
/** Every byte that a real ffmpeg sent: handshake, commands, two seconds of a stream. */
let recording: Buffer

beforeAll(async () => {
  ;({ sink, port } = await RtmpSink.start(400))
  file = await makeSource(folder, { seconds: 2, width: 160, height: 90, videoBitrateBps: 150_000 })
  recording = await record()
})

afterAll(async () => {
  await sink.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Lets ffmpeg publish through a proxy that writes down what it says. */
async function record(): Promise<Buffer> {
  const said: Buffer[] = []
  const proxy = createServer((encoder) => {
    const onward = connectTo(port, '127.0.0.1')
    encoder.on('data', (bytes) => said.push(bytes)).pipe(onward)
    onward.pipe(encoder)
    for (const socket of [encoder, onward]) socket.on('error', () => {})
  }).listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  const address = proxy.address()
  const proxyPort = typeof address === 'object' && address ? address.port : 0
  await startPublisher(file, `rtmp://127.0.0.1:${proxyPort}/live/packaged`, { loop: false }).ended
  proxy.close()
  return Buffer.concat(said)
}

type Mutation =
  | { kind: 'set'; at: number; value: number }
  | { kind: 'insert'; at: number; bytes: Uint8Array }
  | { kind: 'remove'; at: number; count: number }
  | { kind: 'repeat'; at: number; count: number }
  | { kind: 'cut'; at: number }

const HANDSHAKE_BYTES = 1 + 2 * 1536

/** Where a mutation hits: mostly the commands and the first messages, where there is most to break. */
const place = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: HANDSHAKE_BYTES, max: HANDSHAKE_BYTES + 1_500 }) },
  { weight: 3, arbitrary: fc.integer({ min: HANDSHAKE_BYTES, max: 60_000 }) },
  { weight: 1, arbitrary: fc.nat(HANDSHAKE_BYTES) },
)
const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('set' as const), at: place, value: fc.nat(255) }) },
  fc.record({
    kind: fc.constant('insert' as const),
    at: place,
    bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
  }),
  fc.record({ kind: fc.constant('remove' as const), at: place, count: fc.integer({ min: 1, max: 300 }) }),
  fc.record({ kind: fc.constant('repeat' as const), at: place, count: fc.integer({ min: 1, max: 2_000 }) }),
  fc.record({ kind: fc.constant('cut' as const), at: place }),
)
const connection = fc.record({
  mutations: fc.array(mutation, { minLength: 1, maxLength: 6 }),
  /** How the bytes are sliced: written in pieces of this size up to the first mutation's neighbourhood. */
  pieceBytes: fc.constantFrom(64, 1_000, 20_000, 1_000_000),
  goodbye: fc.constantFrom('end', 'destroy', 'stay' as const),
})

function mutated(bytes: Buffer, mutations: Mutation[]): Buffer {
  return mutations.reduce((now, change) => {
    const at = Math.min(change.at, now.length)
    const [before, after] = [now.subarray(0, at), now.subarray(at)]
    switch (change.kind) {
      case 'set': {
        const copy = Buffer.from(now)
        if (at < copy.length) copy[at] = change.value
        return copy
      }
      case 'insert':
        return Buffer.concat([before, change.bytes, after])
      case 'remove':
        return Buffer.concat([before, after.subarray(change.count)])
      case 'repeat':
        return Buffer.concat([before, after.subarray(0, change.count), after])
      case 'cut':
        return before
      default:
        return change satisfies never
    }
  }, bytes)
}

type Life = typeof connection extends fc.Arbitrary<infer Value> ? Value : never

/** One connection's life, to its end. */
async function attack({ mutations, pieceBytes, goodbye }: Life): Promise<void> {
  const bytes = mutated(recording.subarray(0, 70_000), mutations)
  const socket: Socket = connectTo(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.resume()
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.setNoDelay(true)
  for (let at = 0; at < bytes.length && !socket.destroyed; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes)
    const isLast = at + pieceBytes >= bytes.length
    await new Promise<void>((resolve) => socket.write(piece, () => resolve()))
    if (at > 4_000 && !isLast && pieceBytes < 1_000) {
      socket.write(bytes.subarray(at + pieceBytes))
      break
    }
  }
  if (goodbye === 'end') socket.end()
  if (goodbye === 'destroy') socket.destroy()
  await closed
}

async function all(lives: Life[]): Promise<void> {
  const queue = lives.values()
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (const life of queue) await attack(life)
    }),
  )
}

test(
  `the server lives through ${CONNECTIONS} broken connections, and a healthy publisher loses nothing`,
  async () => {
    const source = await readSource(file)
    const countedBefore = (await sink.ask()).counted
    const healthy = new Sender(port, 'counted', source)
    const startedAtMs = performance.now()
    const timer = setInterval(() => healthy.sendUntil(performance.now() - startedAtMs), 20)

    const seed = LONG ? Date.now() : 20_261_122
    const lives = fc.sample(connection, { numRuns: CONNECTIONS, seed })
    // What a server that has worked a little needs is not what it loses.
    await all(lives.slice(0, CONNECTIONS / 5))
    const before = await sink.ask('gc')
    await all(lives.slice(CONNECTIONS / 5))
    clearInterval(timer)
    healthy.sendUntil(performance.now() - startedAtMs)

    expect(sink.isAlive).toBe(true)
    expect(healthy.sentMessages).toBeGreaterThan(200)
    const counted = async () => (await sink.ask()).counted - countedBefore
    await expect.poll(counted, { timeout: 10_000 }).toBe(healthy.sentMessages)
    healthy.socket.destroy()
    await expect.poll(async () => (await sink.ask()).openConnections, { timeout: 5_000 }).toBe(0)
    const after = await sink.ask('gc')
    expect(after.residentBytes - before.residentBytes, `seed ${seed}`).toBeLessThan(MEMORY_BYTES)
    // The fuzz did get into the parser, and not only to the door.
    expect(after.parseErrors).toBeGreaterThan(CONNECTIONS / 10)
  },
  LONG ? 3_600_000 : 180_000,
)
