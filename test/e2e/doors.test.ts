import { readFileSync } from 'node:fs'
import { request as rawRequest } from 'node:http'
import { join } from 'node:path'
import type { PlaybackClaims } from '@streamtube/contracts/claims.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { importSigningKey, type SigningKey } from '../../edge/src/keys/jwt.ts'
import type { DemoFile } from '../../origin/demo/demo-file.ts'
import { playsFor } from '../smoke/plays.ts'
import { lintRegistry } from '../support/lint-registry.ts'
import { type Platform, startPlatform } from '../support/platform.ts'

// Everything a stranger might try to get at media without leave, at a whole platform with real media behind it.

let platform: Platform
let demo: DemoFile
/** The edge's own key, for tokens that are right in all but one thing. */
let key: SigningKey
let liveClaims: PlaybackClaims
let media: { playlist: string; object: string }

beforeAll(async () => {
  platform = await startPlatform({ demo: true, deadlineMs: 120_000 })
  if (!platform.demo) throw new Error('the demo wrote no demo.json')
  demo = platform.demo
  key = await importSigningKey(readFileSync(join(platform.dataDir, 'secrets', 'edge-key.json'), 'utf8'))
  liveClaims = claimsOf(demo.live.master)
  media = await firstMediaOf(demo.live.master)
}, 180_000)

afterAll(async () => {
  await platform?.stop()
}, 60_000)

test('demo.json names a live stream, two videos and a channel to publish to', () => {
  expect(demo.url).toBe(platform.url)
  expect(demo.videos).toHaveLength(2)
  expect(demo.rtmp.url).toMatch(/^rtmp:\/\//)
  expect(demo.rtmp.key).toMatch(/^st_/)
})

test('a real player reads the live stream and both videos without an error', async () => {
  for (const master of [demo.live.master, ...demo.videos.map((video) => video.master)]) {
    await expect(playsFor(4, new URL(master, platform.url)), master).resolves.toBeUndefined()
  }
}, 120_000)

test('a client of low latency follows the live stream, and finds no playlist that breaks a rule', async () => {
  await expect.poll(() => lintRegistry.seen.deltas, { timeout: 90_000 }).toBeGreaterThan(10)
  expect(lintRegistry.seen.multivariant).toBeGreaterThan(1)
}, 120_000)

test('media and playlists of a live stream are open to its token', async () => {
  for (const rest of Object.values(media))
    expect(await status(`/p/${tokenOf(demo.live.master)}/${rest}`)).toBe(200)
})

test.each([
  ['expired', { iat: now() - 7200, exp: now() - 1 }],
  ['longer than 12 hours', { exp: now() + 13 * 3600 }],
  ['for another audience', { aud: 'origin' as never }],
])('a token that is %s opens nothing', async (_, change) => {
  const token = await key.sign({ ...liveClaims, ...change })
  for (const rest of Object.values(media)) expect(await status(`/p/${token}/${rest}`)).toBe(403)
})

test('a token that was tampered with opens nothing', async () => {
  const good = tokenOf(demo.live.master)
  const [header = '', , signature = ''] = good.split('.')
  const body = btoa(JSON.stringify({ ...liveClaims, exp: now() + 3600 })).replaceAll('=', '')
  const unsigned = btoa(JSON.stringify({ alg: 'none' })).replaceAll('=', '')
  const forgeries = [
    `${header}.${body}.${signature}`,
    `${unsigned}.${body}.`,
    `${good.slice(0, -4)}AAAA`,
    'x',
    'a.b.c',
  ]
  for (const token of forgeries) expect(await status(`/p/${token}/${media.object}`)).toBe(403)
})

test('a token opens its own asset and timeline, and no other', async () => {
  const [first, second] = demo.videos
  const other = await firstMediaOf(String(second?.master))
  const token = tokenOf(String(first?.master))
  expect(await status(`/p/${token}/${other.playlist}`)).toBe(403)
  expect(await status(`/p/${token}/${other.object}`)).toBe(403)
  expect(await status(`/p/${token}/live/${first?.id}/master.m3u8`)).toBe(403)
})

test('no spelling of a path leads out of the media', async () => {
  const token = tokenOf(demo.live.master)
  const ways = [
    `/p/${token}/../../etc/passwd`,
    `/p/${token}/..%2f..%2fsecrets%2fedge-key.json`,
    `/p/${token}/m/${liveClaims.tml}/source/1/..%2f..%2f..%2fsecrets`,
    `/p/${token}/m/${liveClaims.tml}/..%5c..%5csecrets/1/init.mp4`,
    `/p/${token}//m/${liveClaims.tml}/source/1/init.mp4`,
    `/p/${token}/m/${liveClaims.tml}/source/01/init.mp4`,
    `/thumbnails/..%2f..%2fsecrets/edge-key.json`,
    `/media/${media.object}`,
    `/rpc/streamtube.v1.EdgeService/Locate`,
  ]
  for (const way of ways) {
    const answer = await raw(way)
    expect([400, 403, 404, 405], way).toContain(answer.status)
    expect(answer.body, way).not.toMatch(/root:|"d":/)
  }
})

test('the origin’s own media addresses answer 401 to whoever is no edge', async () => {
  const environment = (part: string) => environmentOf(platform, part)
  const origins = [
    `http://127.0.0.1:${environment('api').API_PORT}`,
    `http://127.0.0.1:${environment('ingest').INGEST_PORT}`,
  ]
  for (const origin of origins) {
    for (const rest of Object.values(media)) {
      expect((await fetch(`${origin}/media/${rest}`)).status).toBe(401)
      const forged = { 'x-streamtube-edge': tokenOf(demo.live.master) }
      expect((await fetch(`${origin}/media/${rest}`, { headers: forged })).status).toBe(401)
    }
  }
})

test('every process tells its metrics and its health', async () => {
  for (const part of ['edge', 'api', 'ingest', 'transcode', 'web']) {
    const port = environmentOf(platform, part).METRICS_PORT
    for (const path of ['healthz', 'readyz']) {
      expect((await fetch(`http://127.0.0.1:${port}/${path}`)).status, `${part} ${path}`).toBe(200)
    }
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(metrics, part).toMatch(/^# TYPE \w+ (counter|gauge|histogram)$/m)
  }
})

function now(): number {
  return Math.floor(Date.now() / 1000)
}

function tokenOf(master: string): string {
  return String(new URL(master, platform.url).pathname.split('/')[2])
}

function claimsOf(master: string): PlaybackClaims {
  return JSON.parse(Buffer.from(String(tokenOf(master).split('.')[1]), 'base64url').toString())
}

async function status(path: string): Promise<number> {
  const response = await fetch(`${platform.url}${path}`)
  await response.body?.cancel()
  return response.status
}

/** As it is written: `fetch` would tidy the path up first. */
function raw(path: string): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(platform.url)
  return new Promise((resolve, reject) => {
    const request = rawRequest({ hostname, port, path, timeout: 10_000 }, (response) => {
      let body = ''
      response.on('data', (bytes) => {
        body += bytes
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    request.on('error', reject).on('timeout', () => request.destroy(new Error('no answer')))
    request.end()
  })
}

/** The first media playlist and its CMAF header, as paths behind the token. */
async function firstMediaOf(master: string): Promise<{ playlist: string; object: string }> {
  const masterUrl = new URL(master, platform.url)
  const lines = (await (await fetch(masterUrl)).text()).split('\n')
  const playlistUrl = new URL(String(lines.find((line) => line.endsWith('.m3u8'))), masterUrl)
  const playlist = await (await fetch(playlistUrl)).text()
  const map = /#EXT-X-MAP:URI="([^"]+)"/.exec(playlist)?.[1]
  const rest = (url: URL) => url.pathname.split('/').slice(3).join('/')
  return { playlist: rest(playlistUrl), object: rest(new URL(String(map), playlistUrl)) }
}

function environmentOf(running: Platform, part: string): Record<string, string> {
  const patterns: Record<string, RegExp> = {
    edge: /main\.deno\.ts/,
    web: /web\/server\.ts/,
    api: /main\.ts api/,
    ingest: /main\.ts ingest/,
    transcode: /main\.ts transcode/,
  }
  const found = running.processes().find(({ command }) => patterns[part]?.test(command))
  if (!found) throw new Error(`no process of ${part}`)
  const lines = readFileSync(`/proc/${found.pid}/environ`, 'utf8').split('\0')
  return Object.fromEntries(lines.map((line) => [line.split('=')[0], line.slice(line.indexOf('=') + 1)]))
}
