import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { quietLog, testMetrics } from '../../../test/support/origin-parts.ts'
import { KeepingDesk } from '../../../test/support/publish-desk.ts'
import {
  amf,
  chunked,
  command,
  handshakeEnd,
  handshakeStart,
  publishCommands,
  RtmpClient,
} from '../../../test/support/rtmp-client.ts'
import { rtmpMetrics } from './metrics.ts'
import { type RtmpServer, type RtmpServerOptions, startRtmpServer } from './server.ts'

const SHORT = { establishMs: 700, idleMs: 300, lingerMs: 100 }
const frame = (timestampMs: number) =>
  chunked({ chunkStream: 6, type: 9, timestampMs, messageStream: 1, payload: Buffer.alloc(400, timestampMs) })

let desk: KeepingDesk
let server: RtmpServer
let counted: ReturnType<typeof testMetrics>

async function start(options: Partial<RtmpServerOptions> = {}): Promise<void> {
  desk = new KeepingDesk()
  counted = testMetrics()
  const metrics = rtmpMetrics(counted.metrics)
  server = await startRtmpServer({ host: '127.0.0.1', port: 0, desk, metrics, log: quietLog, ...options })
}

async function publishing(key = 'good'): Promise<RtmpClient> {
  const client = new RtmpClient(server.port)
  await client.shakeHands()
  client.write(publishCommands(key))
  await client.hears('NetStream.Publish.Start')
  return client
}

beforeEach(() => start())
afterEach(() => server.close())

describe('an encoder', () => {
  test('publishes, and ends with a goodbye', async () => {
    const client = await publishing()
    const publication = await desk.publication('good')
    for (let i = 0; i < 5; i++) client.write(frame(i * 40))
    await publication.has(5)
    expect(publication.tags.map((tag) => tag.timestampMs)).toEqual([0, 40, 80, 120, 160])
    client.write(command(0, 'deleteStream', 6, null, 1))
    expect(await publication.closed).toBe('finished')
    await client.closed
    expect(await counted.value('ingest_connections_closed_total', 'finished')).toBe(1)
    expect(await counted.value('ingest_connections{')).toBe(0)
  })

  test('that goes without a word is noticed', async () => {
    const client = await publishing()
    const publication = await desk.publication('good')
    client.socket.destroy()
    expect(['peer-closed', 'socket-error']).toContain(await publication.closed)
  })

  test('loses nothing of what it sent before its key was found good', async () => {
    let open = () => {}
    desk.gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const client = new RtmpClient(server.port)
    const frames = Array.from({ length: 200 }, (_, index) => frame(index))
    client.write(Buffer.concat([handshakeStart(), handshakeEnd(), publishCommands('good'), ...frames]))
    await client.receives(1 + 2 * 1536)
    expect(client.said).not.toContain('Publish.Start')
    open()
    const publication = await desk.publication('good')
    await publication.has(200)
    expect(publication.tags.map((tag) => tag.timestampMs)).toEqual(frames.map((_, index) => index))
  })

  test('with a bad key is told so and closed', async () => {
    const client = new RtmpClient(server.port)
    await client.shakeHands()
    client.write(publishCommands('bad'))
    await client.hears('NetStream.Publish.BadName')
    await client.closed
    expect(client.said).toContain('The stream key is not valid.')
    expect(client.said).not.toContain('Publish.Start')
    expect(desk.publications).toHaveLength(0)
  })

  test('that wants to play is told where to watch', async () => {
    const client = new RtmpClient(server.port)
    await client.shakeHands()
    client.write(command(0, 'connect', 1, { app: 'live', tcUrl: 'rtmp://localhost/live' }))
    client.write(command(1, 'play', 2, null, 'good'))
    await client.hears('NetStream.Play.Failed')
    await client.closed
  })

  test('whose stream is ended here is told why', async () => {
    const client = await publishing()
    const publication = await desk.publication('good')
    publication.encoder.end('NetStream.Unpublish.Success', 'The creator ended the stream.')
    await client.hears('The creator ended the stream.')
    expect(await publication.closed).toBe('ended-here')
    await client.closed
  })

  test('whose messages cannot be read ends alone', async () => {
    const healthy = await publishing('healthy')
    const broken = await publishing('broken')
    broken.write(chunked({ chunkStream: 3, type: 20, payload: Buffer.from([0, 1]) }))
    expect(await (await desk.publication('broken')).closed).toBe('protocol')
    await broken.closed
    healthy.write(frame(1))
    await (await desk.publication('healthy')).has(1)
    expect(await counted.value('ingest_parse_errors_total')).toBe(1)
  })

  test('that asks and asks and never reads is closed', async () => {
    const client = new RtmpClient(server.port)
    await client.shakeHands()
    client.socket.pause()
    const asks = Buffer.concat(
      Array.from({ length: 2_000 }, () =>
        chunked({ chunkStream: 3, type: 20, payload: amf('createStream', 1, null) }),
      ),
    )
    const timer = setInterval(() => client.write(asks), 1)
    await expect
      .poll(() => counted.value('ingest_connections_closed_total', 'unread-answers'), { timeout: 20_000 })
      .toBe(1)
    clearInterval(timer)
    client.socket.destroy()
  })
})

describe('a connection that gets nowhere', () => {
  beforeEach(async () => {
    await server.close()
    await start({ timeouts: SHORT })
  })

  test.each<[string, string, (client: RtmpClient) => void]>([
    ['silent', 'idle', () => {}],
    ['silent after its handshake began', 'idle', (client) => client.write(handshakeStart().subarray(0, 700))],
    [
      'silent after its handshake',
      'idle',
      (client) => client.write(Buffer.concat([handshakeStart(), handshakeEnd()])),
    ],
    [
      'slow',
      'establish-timeout',
      (client) => {
        const bytes = handshakeStart()
        let at = 0
        const timer = setInterval(() => client.write(bytes.subarray(at, ++at)), 50)
        client.socket.once('close', () => clearInterval(timer))
      },
    ],
    ['half closed', 'peer-closed', (client) => client.socket.end(handshakeStart())],
  ])('is closed when it is %s', async (_, reason, behave) => {
    const client = new RtmpClient(server.port)
    client.socket.once('connect', () => behave(client))
    await client.closed
    expect(await counted.value('ingest_connections_closed_total', reason)).toBeGreaterThan(0)
  })

  test('is closed when a publisher falls silent', async () => {
    await publishing()
    expect(await (await desk.publication('good')).closed).toBe('idle')
  })
})

test('200 idle, slow and half-open connections are gone 10 s later, with the time limits that ship', async () => {
  const bytes = handshakeStart()
  const clients = Array.from({ length: 200 }, (_, index) => {
    const client = new RtmpClient(server.port)
    client.socket.once('connect', () => {
      if (index % 4 === 1) client.socket.end(bytes.subarray(0, 100))
      if (index % 4 === 2) client.write(Buffer.concat([bytes, handshakeEnd()]))
      if (index % 4 !== 3) return
      let at = 0
      const timer = setInterval(() => client.write(bytes.subarray(at, ++at)), 400)
      client.socket.once('close', () => clearInterval(timer))
    })
    return client
  })
  await Promise.all(clients.map((client) => new Promise((resolve) => client.socket.once('connect', resolve))))
  const connectedAtMs = performance.now()
  expect(await counted.value('ingest_connections{')).toBeGreaterThan(0)
  await Promise.all(clients.map((client) => client.closed))
  expect(performance.now() - connectedAtMs).toBeLessThan(11_500)
  expect(await counted.value('ingest_connections{')).toBe(0)
}, 20_000)

test('more connections than allowed are turned away', async () => {
  await server.close()
  await start({ maxConnections: 1 })
  const first = await publishing()
  const second = new RtmpClient(server.port)
  await second.closed
  expect(await counted.value('ingest_connections_dropped_total')).toBe(1)
  expect(first.socket.destroyed).toBe(false)
})

test('closing the server closes its streams', async () => {
  const client = await publishing()
  const publication = await desk.publication('good')
  await server.close()
  expect(await publication.closed).toBe('shutdown')
  await client.closed
})

describe('RTMPS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'streamtube-tls-'))
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  test('carries the same, and closes those who fail at TLS', async () => {
    const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const subject = ['-subj', '/CN=localhost', '-days', '1', '-nodes']
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        ...subject,
        '-keyout',
        keyFile,
        '-out',
        certFile,
      ],
      { stdio: 'ignore' },
    )
    await server.close()
    await start({ tls: { cert: readFileSync(certFile), key: readFileSync(keyFile) }, timeouts: SHORT })

    const socket = connectTls({
      port: server.port,
      host: '127.0.0.1',
      ca: readFileSync(certFile),
      servername: 'localhost',
    })
    socket.on('error', () => {})
    socket.write(Buffer.concat([handshakeStart(), handshakeEnd(), publishCommands('good'), frame(7)]))
    const publication = await desk.publication('good')
    await publication.has(1)
    socket.destroy()
    await publication.closed

    const plain = new RtmpClient(server.port)
    plain.write(handshakeStart())
    await plain.closed
    const silent = new RtmpClient(server.port)
    await silent.closed
    expect(await counted.value('ingest_connections_dropped_total')).toBe(2)

    // Whoever says nothing at TLS doesn't hold the shut-down up.
    await server.close()
    await start({
      tls: { cert: readFileSync(certFile), key: readFileSync(keyFile) },
      timeouts: { ...SHORT, establishMs: 60_000 },
    })
    const waiting = new RtmpClient(server.port)
    await once(waiting.socket, 'connect')
    await setImmediate()
    await server.close()
    await waiting.closed
  })
})
