import { setTimeout as wait } from 'node:timers/promises'
import { Clipper } from '../support/clipper.ts'
import { percentile } from '../support/distribution.ts'
import { LiveStage } from '../support/live-stage.ts'
import type { Bench, Row, Target } from './report.ts'

const ROUNDS = 50
/** Connections and code that are used for the first time. */
const WARM_ROUNDS = 5
const BOUND_MS = 300
const CLIP_MS = 30_000
/** Until there is as much as a clip takes, and its rows. */
const FILL_MS = CLIP_MS + 8_000

/** What a press on "Clip" waits for, in milliseconds. */
interface Steps {
  /** The clip is made. */
  make: number
  /** Its address is given. */
  grant: number
  /** Master and media playlist are read. */
  playlists: number
  /** Header and first segment are read. */
  segment: number
  total: number
}

/** How soon a clip of 30 s can be played: of what is live right now, and of a replay. */
export const bench: Bench = async (say) => {
  const stage = await LiveStage.start(say)
  try {
    const stream = await stage.publish({ latency: 'low', ladder: 'off' })
    const { platform } = stage
    // One person may make sixty clips in ten minutes.
    const [viewer, other] = [await Clipper.signUp(platform, 'bob'), await Clipper.signUp(platform, 'eve')]
    say(`waiting ${FILL_MS / 1000} s for something to clip`)
    await wait(FILL_MS)
    say(`${ROUNDS} clips of what is live`)
    const live = await rounds(viewer, () => [stream.id, { lastMs: CLIP_MS }])
    await stream.stop()
    await untilReady(platform.url, stream.id)
    say(`${ROUNDS} clips of the replay`)
    const replay = await rounds(other, (round) => {
      const startMs = (round % 8) * 1_234
      return [stream.id, { startMs, endMs: startMs + CLIP_MS }]
    })
    return {
      name: 'clip',
      setting:
        `720p30 of 2.6 Mb/s, parts of 210 ms; one viewer, one request after the other, all through the edge: POST of a clip of ` +
        `${CLIP_MS / 1000} s, its playback address, master, playlist, header and first segment; ${ROUNDS} rounds each`,
      rows: [...rowsOf('live', live), ...rowsOf('replay', replay)],
      targets: [targetOf('live', live), targetOf('replay', replay)],
    }
  } finally {
    await stage.close()
  }
}

async function rounds(
  clipper: Clipper,
  what: (round: number) => [videoId: string, range: object],
): Promise<Steps[]> {
  const measured: Steps[] = []
  for (let round = -WARM_ROUNDS; round < ROUNDS; round++) {
    const steps = await once(clipper, ...what(round + WARM_ROUNDS))
    if (round >= 0) measured.push(steps)
    await wait(50)
  }
  return measured
}

async function once(clipper: Clipper, videoId: string, range: object): Promise<Steps> {
  const marks = [performance.now()]
  const mark = () => marks.push(performance.now())
  const id = await clipper.clip(videoId, range)
  mark()
  const master = await clipper.play(id)
  mark()
  await read(master)
  const playlist = new URL('source.m3u8', master)
  const text = (await read(playlist)).toString()
  mark()
  const header = /#EXT-X-MAP:URI="([^"]+)"/.exec(text)?.[1]
  const segment = /^[^#\s].*$/m.exec(text)?.[0]
  if (!header || !segment) throw new Error(`nothing to play in ${text}`)
  await Promise.all([read(new URL(header, playlist)), read(new URL(segment, playlist))])
  mark()
  const [begun = 0, made = 0, granted = 0, listed = 0, played = 0] = marks
  return {
    make: made - begun,
    grant: granted - made,
    playlists: listed - granted,
    segment: played - listed,
    total: played - begun,
  }
}

async function read(url: URL): Promise<Buffer> {
  const answer = await fetch(url)
  const body = Buffer.from(await answer.arrayBuffer())
  if (answer.status !== 200) throw new Error(`${answer.status} for ${url.pathname}: ${body}`)
  return body
}

async function untilReady(siteUrl: string, videoId: string): Promise<void> {
  for (let tries = 0; tries < 300; tries++) {
    const video = (await (await fetch(`${siteUrl}/api/v1/videos/${videoId}`)).json()) as { state: string }
    if (video.state === 'ready') return
    await wait(100)
  }
  throw new Error('the replay was not ready within 30 s')
}

function rowsOf(what: string, steps: readonly Steps[]): Row[] {
  return (['make', 'grant', 'playlists', 'segment', 'total'] as const).flatMap((step) => {
    const values = steps.map((each) => each[step])
    const shares = step === 'total' ? ([0.5, 0.95, 0.99] as const) : ([0.5, 0.95] as const)
    return shares.map((share) => ({
      subject: `${what}, ${step}`,
      figure: percentile(values, share),
      unit: `ms p${share * 100}`,
    }))
  })
}

function targetOf(what: string, steps: readonly Steps[]): Target {
  const figure = percentile(
    steps.map(({ total }) => total),
    0.95,
  )
  return { name: `${what}-p95`, figure, unit: 'ms', op: '<=', bound: BOUND_MS }
}
