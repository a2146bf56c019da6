import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { pinToCore } from '../support/cores.ts'
import { livePosition } from '../support/live-position.ts'
import { LiveStage, type StagedStream } from '../support/live-stage.ts'
import { mostThatHolds } from '../support/most-that-holds.ts'
import { Crowd } from './readers/crowd.ts'
import { startNginx, stopNginx } from './readers/nginx.ts'
import type { ViewersAnswer, ViewersQuestion } from './readers/viewers.process.ts'
import type { Bench, Row } from './report.ts'

type Viewers = Crowd<ViewersQuestion, ViewersAnswer>

const RENDITIONS = ['source', 'audio']
/** Where the searches begin. */
const FIRST_TRY = { live: 300, files: 1_500 }
const MAX_P95_MS = 100
/** What all of one part's readers ask for comes round this often. */
const PART_MS = 200
const TOKENS = 20
const SETTLE_MS = 1_000
const SPAN_MS = 2_000
const SERVER_CORE = 0
const OTHER_CORE = 1

/** How many low-latency viewers one core of an edge holds, beside what nginx holds of viewers of files. */
export const bench: Bench = async (say) => {
  if (cpus().length < 2) throw new Error('this needs two cores: one serves, the other one asks')
  const stage = await LiveStage.start(say)
  const viewers: Viewers = new Crowd(new URL('./readers/viewers.process.ts', import.meta.url))
  try {
    for (const { pid, command } of stage.platform.processes()) {
      pinToCore(pid, command.includes('main.deno.ts') ? SERVER_CORE : OTHER_CORE)
    }
    pinToCore(viewers.pid, OTHER_CORE)
    pinToCore(process.pid, OTHER_CORE)
    const stream = await stage.publish({ latency: 'low', ladder: 'off' })
    const folders = await Promise.all(Array.from({ length: TOKENS }, () => stream.play()))
    await viewers.ask({ begin: 'live', port: stage.port, folders, renditions: RENDITIONS })
    const ours = await search(viewers, FIRST_TRY.live, 'low-latency viewers', say)
    if (ours.most === 0) throw new Error('not even a few viewers got their parts in time')
    const theirs = await besideNginx(stage, stream, viewers, say)
    await stream.stop()
    return {
      name: 'viewers',
      setting:
        'viewers of 720p30 at 2.6 Mb/s with audio in parts of 210 ms, each with blocking reloads of both playlists and ' +
        `every part that comes to be listed (about 20 requests a second), the edge on one core, all else on another; the ` +
        `most for whom p95 of the time from a part's last frame's being sent to the part's being read is under ${MAX_P95_MS} ms`,
      rows: [...rowsOf('StreamTube, live', ours), ...theirs],
      // No bound was set: the number is the figure.
      targets: [],
    }
  } finally {
    await viewers.close()
    await stage.close()
  }
}

interface Found {
  most: number
  /** Measured with so many. */
  answer: ViewersAnswer | undefined
}

async function search(
  viewers: Viewers,
  first: number,
  who: string,
  say: (line: string) => void,
): Promise<Found> {
  let answer: ViewersAnswer | undefined
  const most = await mostThatHolds(first, async (count) => {
    await viewers.ask({ viewers: count })
    await wait(SETTLE_MS)
    const now = await viewers.ask({ spanMs: SPAN_MS })
    const holds = now.p95Ms !== null && now.p95Ms < MAX_P95_MS && now.failures === 0 && now.parts > 0
    if (holds) answer = now
    const failure = now.failures > 0 ? `, ${now.failures} failures (${now.complaint})` : ''
    say(
      `${count} ${who}: p95 ${now.p95Ms?.toFixed(1) ?? 'beyond measure'} ms, they use ${percent(now.cpu)}${failure}`,
    )
    return holds
  })
  await viewers.ask({ viewers: 0 })
  return { most, answer }
}

function rowsOf(subject: string, { most, answer }: Found): Row[] {
  const note =
    answer &&
    `p50 ${answer.p50Ms?.toFixed(1)} ms, p95 ${answer.p95Ms?.toFixed(1)} ms; the readers use ${percent(answer.cpu)}`
  return [{ subject, figure: most, unit: 'viewers', ...(note !== undefined && { note }) }]
}

function percent(share: number): string {
  return `${Math.round(share * 100)} % of their core`
}

/** The same sizes as files: what is served is one playlist and one part of each rendition. */
async function besideNginx(
  stage: LiveStage,
  stream: StagedStream,
  viewers: Viewers,
  say: (line: string) => void,
): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'streamtube-nginx-'))
  try {
    const files = new Map<string, Uint8Array>()
    for (const id of RENDITIONS) {
      const path = await stream.play()
      const { body } = await stage.read(`${path}${id}.m3u8?_HLS_skip=YES`)
      const part = String(livePosition(body.toString()).parts.at(-2))
      files.set(`${id}.m3u8`, body)
      files.set(`${id}.m4s`, (await stage.read(join(path, part))).body)
    }
    const nginx = await startNginx(folder, files)
    if (!nginx)
      return [{ subject: 'nginx, files', figure: Number.NaN, unit: 'viewers', note: 'it is not installed' }]
    try {
      pinToCore(nginx.process.pid ?? 0, SERVER_CORE)
      const renditions = RENDITIONS.map((id) => ({ playlist: `/${id}.m3u8`, part: `/${id}.m4s` }))
      await viewers.ask({ begin: 'files', port: nginx.port, renditions, periodMs: PART_MS })
      return rowsOf(
        `nginx ${nginx.version}, files`,
        await search(viewers, FIRST_TRY.files, 'viewers of files', say),
      )
    } finally {
      await stopNginx(nginx.process)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
