import { once } from 'node:events'
import { Agent, createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { create, toBinary } from '@bufbuild/protobuf'
import { LocateResponseSchema } from '@streamtube/contracts/gen/streamtube/v1/edge_pb'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importSigningKey } from '../../edge/src/keys/jwt.ts'
import { makePrivateJwk, TIMELINE, testId, VIDEO } from '../../edge/src/testing/test-edge.ts'
import { loadConfig } from '../../origin/config.ts'
import { createLogger } from '../../origin/log.ts'
import { type Child, runChild } from '../../origin/supervisor/child.ts'
import { findFreePorts } from '../../origin/supervisor/free-ports.ts'
import { findDeno, partSpecs } from '../../origin/supervisor/parts.ts'
import { repository } from '../support/source-files.ts'

// A real edge, run and replaced as the supervisor does it, before an origin whose parts come when the test says so.

const READERS = 200
const ROUNDS = 3
const FOLLOWERS = 20
const PARTS = 24
const PATIENCE = { timeout: 30_000 }

let origin: Server
let edge: Child
let site = ''
let token = ''
/** Answers of the origin that wait for their part. */
let held: ServerResponse[] = []
const log: string[] = []

beforeAll(async () => {
  origin = createServer(answer).listen(0, '127.0.0.1')
  await once(origin, 'listening')
  const originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
  const [port = 0, metrics = 0] = await findFreePorts(2)
  const environment = { PORT: String(port), HOST: '127.0.0.1' }
  const edgePrivateJwk = await makePrivateJwk()
  const specs = partSpecs({
    config: loadConfig(environment, 'supervisor'),
    environment,
    ports: { api: 1, rpc: 1, ingest: 1, web: 1, metrics: { ...noPorts, edge: metrics } },
    secrets: { serviceToken: 'service-token-of-the-tests', edgePrivateJwk, edgePublicJwks: '{"keys":[]}' },
    root: repository,
    node: process.execPath,
    deno: findDeno(repository),
  })
  const spec = specs.find(({ name }) => name === 'edge')
  if (!spec) throw new Error('there is no edge among the parts')
  Object.assign(spec.env, { API_URL: originUrl, WEB_URL: originUrl })
  const noted = () => {}
  edge = runChild(spec, {
    log: createLogger({ process: 'test', level: 'silent' }),
    write: (line) => log.push(line),
    onStart: noted,
    onDeath: noted,
    onHopeless: noted,
  })
  await edge.answers('/readyz', AbortSignal.timeout(PATIENCE.timeout))
  site = `http://127.0.0.1:${port}`
  const iat = Math.floor(Date.now() / 1000)
  const key = await importSigningKey(edgePrivateJwk)
  const claims = {
    aud: 'playback',
    sid: testId(3),
    knd: 'live',
    ast: VIDEO,
    tml: TIMELINE,
    iat,
    exp: iat + 600,
  }
  token = await key.sign(claims)
}, 60_000)

afterAll(async () => {
  await edge?.stop()
  origin?.closeAllConnections()
  origin?.close()
}, 30_000)

const noPorts = { supervisor: 0, edge: 0, web: 0, api: 0, ingest: 0, transcode: 0 }

function answer(request: IncomingMessage, response: ServerResponse): void {
  const url = request.url ?? ''
  if (url.endsWith('/ListRevocations')) {
    response.setHeader('content-type', 'application/proto').end()
  } else if (url.endsWith('/Locate')) {
    const base = `http://${request.headers.host}`
    const location = create(LocateResponseSchema, { liveUrl: base, libraryUrl: base, maxAgeMs: 1000 })
    response.setHeader('content-type', 'application/proto').end(toBinary(LocateResponseSchema, location))
  } else if (url.includes('/audio.m3u8')) {
    stream.ask(Number(/_HLS_msn=(\d+)/.exec(url)?.[1]), response)
  } else if (url.includes('.m3u8')) {
    held.push(response)
  } else {
    response.end('a page')
  }
}

/** The part comes: whoever waits gets the playlist that lists it. */
function release(playlist: string): void {
  const waiting = held
  held = []
  for (const response of waiting) {
    response.setHeader('content-type', 'application/vnd.apple.mpegurl').setHeader('cache-control', 'no-cache')
    response.end(playlist)
  }
}

/** Readers of the edge's processes that wait for a part, by the figures of the one that has the metrics port. */
async function blocked(): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${metricsPort()}/metrics`)
  const text = await response.text()
  return Number(/edge_requests_in_flight\{[^}]*\} (\d+)/.exec(text)?.[1])
}

function metricsPort(): number {
  const taking = log.map((line) => JSON.parse(line)).find(({ metricsPort }) => metricsPort)
  return taking.metricsPort
}

test('an edge that is replaced drops nobody: who waits gets the part, who asks is answered', async () => {
  const visits = startVisits()
  for (let round = 0; round < ROUNDS; round++) {
    const playlist = `#EXTM3U\n#round ${round}\n`
    const url = `${site}/p/${token}/live/${VIDEO}/source.m3u8?_HLS_msn=${round}`
    const readers = Array.from({ length: READERS }, async () => await (await fetch(url)).text())
    await expect.poll(blocked, PATIENCE).toBeGreaterThanOrEqual(READERS)
    const [old] = edge.pids
    expect(await edge.replace()).toBe(true)
    await expect.poll(() => edge.pids.length, PATIENCE).toBe(2)
    release(playlist)
    expect(await Promise.all(readers)).toEqual(Array(READERS).fill(playlist))
    await expect.poll(() => edge.pids, PATIENCE).not.toContain(old)
    await edge.answers('/readyz', AbortSignal.timeout(PATIENCE.timeout))
  }
  const { answered, failures } = await visits.stop()
  expect(failures).toEqual([])
  expect(answered).toBeGreaterThan(READERS)
}, 120_000)

test('players that follow a stream through it get every part once, in order', async () => {
  const followers = Promise.all(Array.from({ length: FOLLOWERS }, follow))
  const [old] = edge.pids
  let swap: Promise<boolean> | undefined
  for (let part = 0; part < PARTS; part++) {
    await stream.isAskedFor(part)
    // In the middle of a wait: the old edge has its readers, the new one gets who comes next.
    if (part === PARTS / 3) {
      swap = edge.replace()
      await expect.poll(() => edge.pids.length, PATIENCE).toBe(2)
    }
    stream.come(part)
  }
  const seen = await followers
  expect(await swap).toBe(true)
  const inOrder = Array.from({ length: PARTS }, (_, part) => playlistOf(part))
  expect(seen).toEqual(Array(FOLLOWERS).fill(inOrder))
  await expect.poll(() => edge.pids, PATIENCE).not.toContain(old)
}, 120_000)

test('an edge that can not start leaves the one that runs alone', async () => {
  const [pid] = edge.pids
  const failing = edge.replace()
  await expect.poll(() => edge.pids.length, PATIENCE).toBe(2)
  process.kill(Number(edge.pids[1]), 'SIGKILL')
  expect(await failing).toBe(false)
  expect(edge.pids).toEqual([pid])
  expect((await fetch(site)).status).toBe(200)
})

const playlistOf = (part: number) => `#EXTM3U\n#follow ${part}\n`

/** A stream whose parts come when the test says so; one that has come is answered at once. */
class Stream {
  #newest = -1
  readonly #waiting = new Map<number, ServerResponse[]>()

  ask(part: number, response: ServerResponse): void {
    if (part <= this.#newest) this.#answer(part, response)
    else this.#waiting.set(part, [...(this.#waiting.get(part) ?? []), response])
  }

  async isAskedFor(part: number): Promise<void> {
    await expect.poll(() => this.#waiting.has(part), { ...PATIENCE, interval: 10 }).toBe(true)
  }

  come(part: number): void {
    this.#newest = part
    for (const response of this.#waiting.get(part) ?? []) this.#answer(part, response)
  }

  #answer(part: number, response: ServerResponse): void {
    response.setHeader('content-type', 'application/vnd.apple.mpegurl').setHeader('cache-control', 'no-cache')
    response.end(playlistOf(part))
  }
}
const stream = new Stream()

/** A player's loop: asks for the next part when it has the last one, over a connection that it keeps. */
async function follow(): Promise<string[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const seen: string[] = []
  for (let part = 0; part < PARTS; part++) seen.push(await reload(agent, part))
  agent.destroy()
  return seen
}

/** A connection that the old edge closed between two requests is opened anew, once (RFC 9110, 9.2.2). */
async function reload(agent: Agent, msn: number, isLast = false): Promise<string> {
  const url = `${site}/p/${token}/live/${VIDEO}/audio.m3u8?_HLS_msn=${msn}`
  const answer = Promise.withResolvers<string | null>()
  const request = get(url, { agent }, (response) => {
    const chunks: Buffer[] = []
    response.on('data', (bytes: Buffer) => chunks.push(bytes))
    response.once('end', () => answer.resolve(`${Buffer.concat(chunks)}`))
    response.once('error', ({ message }) => answer.resolve(`in mid-answer: ${message}`))
  })
  request.once('error', ({ message }) => answer.resolve(isLast ? message : null))
  return (await answer.promise) ?? (await reload(agent, msn, true))
}

/** Visitors who come again and again, over connections that they keep, as browsers do. */
function startVisits() {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 })
  let isOver = false
  let answered = 0
  const failures: string[] = []
  const visitors = Array.from({ length: 4 }, async () => {
    while (!isOver) {
      const result = await visit(agent)
      if (result === 'answered') answered++
      else failures.push(result)
    }
  })
  return {
    async stop() {
      isOver = true
      await Promise.all(visitors)
      agent.destroy()
      return { answered, failures }
    },
  }
}

/** A connection that breaks before a byte of the answer came is tried once more (RFC 9110, 9.2.2), no other. */
async function visit(agent: Agent, isLast = false): Promise<string> {
  const answer = Promise.withResolvers<string>()
  const request = get(`${site}/watch`, { agent }, (response) => {
    response.resume()
    response.once('end', () =>
      answer.resolve(response.statusCode === 200 ? 'answered' : `${response.statusCode}`),
    )
    response.once('error', ({ message }) => answer.resolve(`in mid-answer: ${message}`))
  })
  request.once('error', ({ message }) => answer.resolve(isLast ? message : 'again'))
  const result = await answer.promise
  return result === 'again' ? await visit(agent, true) : result
}
