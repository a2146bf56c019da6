import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Link, perfect, seededRandom } from './link.ts'
import { Shaper } from './shaper.ts'

describe('a link', () => {
  const bad = {
    delayMs: 50,
    jitterMs: 30,
    rateBps: 800_000,
    holds: { everyMs: 500, shortestMs: 200, longestMs: 1_000 },
  }

  it('delivers in order, each as late as it says at least', () => {
    const link = new Link(seededRandom(7))
    let before = 0
    for (let nowMs = 0; nowMs < 20_000; nowMs += 10) {
      const arrivesMs = link.arrival(nowMs, 100, bad)
      expect(arrivesMs).toBeGreaterThanOrEqual(Math.max(before, nowMs + 50))
      before = arrivesMs
    }
  })
  it('carries no more than its rate', () => {
    const link = new Link(seededRandom(7))
    const conditions = { ...perfect, rateBps: 800_000 }
    let last = 0
    for (let i = 0; i < 100; i++) last = link.arrival(0, 1_000, conditions)
    expect(last).toBeCloseTo(1_000)
  })
  it('stands still now and then, for as long as it says', () => {
    const holds = { everyMs: 2_000, shortestMs: 200, longestMs: 1_000 }
    const link = new Link(seededRandom(3))
    const late: number[] = []
    for (let nowMs = 0; nowMs < 200_000; nowMs += 2_500) {
      const lateMs = link.arrival(nowMs, 1, { ...perfect, holds }) - nowMs
      if (lateMs > 0) late.push(lateMs)
    }
    expect(late.length).toBeGreaterThan(20)
    expect(Math.min(...late)).toBeGreaterThanOrEqual(200)
    expect(Math.max(...late)).toBeLessThanOrEqual(1_000)
  })
  it('is the same for the same seed, and another for another', () => {
    const run = (seed: number) => {
      const link = new Link(seededRandom(seed))
      return Array.from({ length: 200 }, (_, i) => link.arrival(i * 20, 500, bad))
    }
    expect(run(5)).toEqual(run(5))
    expect(run(5)).not.toEqual(run(6))
  })
})

describe('the shaper', () => {
  let server: Server
  let shaper: Shaper
  let client: Socket
  const received: Buffer[] = []

  beforeEach(async () => {
    received.length = 0
    server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {})
      socket.pipe(socket)
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    shaper = await Shaper.start((server.address() as AddressInfo).port)
    client = connect(shaper.port, '127.0.0.1')
    client.on('error', () => {})
    client.on('data', (bytes: Buffer) => received.push(bytes))
    await once(client, 'connect')
  })
  afterEach(async () => {
    client.destroy()
    await shaper.close()
    server.close()
  })
  const whole = () => Buffer.concat(received)
  const receives = async (sizeBytes: number) => {
    while (whole().length < sizeBytes) await once(client, 'data')
  }

  it('brings every byte, in order, there and back, and the end', async () => {
    shaper.conditions = {
      delayMs: 5,
      jitterMs: 20,
      rateBps: null,
      holds: { everyMs: 50, shortestMs: 5, longestMs: 20 },
    }
    const sent = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, i) => (i * 2654435761) >>> 24))
    for (let at = 0; at < sent.length; at += 70_001) client.write(sent.subarray(at, at + 70_001))
    client.end()
    await once(client, 'end')
    expect(whole().equals(sent)).toBe(true)
  })
  it('takes its time, both ways', async () => {
    shaper.conditions = { ...perfect, delayMs: 60 }
    const sentAt = performance.now()
    client.write('hello')
    await receives(5)
    expect(performance.now() - sentAt).toBeGreaterThanOrEqual(119)
  })
  it('brings nothing while cut, and everything after', async () => {
    client.write('one')
    await receives(3)
    shaper.cut()
    client.write('two')
    const late = connect(shaper.port, '127.0.0.1')
    await once(late, 'connect')
    late.write('x')
    const echoed = once(late, 'data')
    // A byte on a connection of its own, past the shaper: all that was going to come has had its time.
    const direct = connect((server.address() as AddressInfo).port, '127.0.0.1')
    direct.write('y')
    await once(direct, 'data')
    direct.destroy()
    expect(whole().toString()).toBe('one')
    shaper.mend()
    await receives(6)
    expect(whole().toString()).toBe('onetwo')
    expect(String((await echoed)[0])).toBe('x')
    late.destroy()
  })
  it('resets what is open, and lets new connections through', async () => {
    client.write('one')
    await receives(3)
    const closed = new Promise((resolve) => client.once('close', resolve))
    expect(shaper.reset()).toBe(1)
    await closed
    client = connect(shaper.port, '127.0.0.1')
    client.on('data', (bytes: Buffer) => received.push(bytes))
    client.write('two')
    await receives(6)
    expect(whole().toString()).toBe('onetwo')
  })
})
