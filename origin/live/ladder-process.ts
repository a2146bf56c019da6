import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Encoder } from '../media/encoders.ts'
import { runFfmpeg } from '../media/ffmpeg.ts'
import { FlvReader } from '../media/flv/reader.ts'
import { sourceEventOf } from '../media/flv/source.ts'
import { flvFileHeader, flvSampleTag, flvTrackTag } from '../media/flv/writer.ts'
import type { Rung } from '../media/ladder.ts'
import { liveInputArguments, rungOutputArguments } from '../media/ladder-arguments.ts'
import type { SanitisedEvent } from '../media/sanitiser.ts'
import { VIDEO_TIMESCALE, type VideoTrack } from '../media/types.ts'
import type { HealthWarning } from './health.ts'
import type { Ladder, LadderRequest } from './ladder.ts'
import { LadderFeed } from './ladder-feed.ts'
import type { LiveMetrics } from './metrics.ts'
import { backOffMs } from './retry.ts'

export interface LadderProcessOptions extends Omit<LadderRequest, 'mode'> {
  video: VideoTrack
  rungs: readonly Rung[]
  encoder: Promise<Encoder>
  metrics: LiveMetrics
}

/** An encoder that ran this long was well: the next failure counts as its first. */
const WELL_MS = 60_000
const FIRST_RESTART_MS = 1_000
const LAST_FRAMES_MS = 500
/** The streams themselves come first. */
const NICENESS = 5

/**
 * One ffmpeg for all lower rungs of a stream: FLV on its stdin, an FLV per rung back on a unix socket each. It is
 * started again when it dies; the source rung knows nothing of it. Owner: the session, which calls `finish`.
 */
export class LadderProcess implements Ladder {
  readonly rungIds: readonly string[]
  readonly warnings: readonly HealthWarning[] = []
  readonly #options: LadderProcessOptions
  readonly #ended = new AbortController()
  readonly #loop: Promise<void>
  #video: VideoTrack
  #feed: LadderFeed | null = null
  #finishing = false

  constructor(options: LadderProcessOptions) {
    this.#options = options
    this.#video = options.video
    this.rungIds = options.rungs.map((rung) => rung.id)
    this.#feed = this.#makeFeed()
    this.#loop = this.#run(this.#feed)
  }

  get activeRungIds(): readonly string[] {
    return this.rungIds
  }

  push(event: SanitisedEvent): void {
    if (event.type === 'sample' && event.kind === 'video') {
      const dtsMs = (event.sample.dts * 1000) / VIDEO_TIMESCALE
      this.#feed?.add(dtsMs, event.sample.key, flvSampleTag(this.#video, event.sample))
    } else if (event.type === 'track-changed' && event.track.kind === 'video') {
      this.#video = event.track
      this.#feed?.change([flvTrackTag(event.track)])
    }
  }

  async finish(): Promise<void> {
    this.#finishing = true
    this.#feed?.finish()
    const enough = new AbortController()
    await Promise.race([
      this.#loop,
      wait(LAST_FRAMES_MS, undefined, { signal: enough.signal }).catch(() => {}),
    ])
    enough.abort()
    this.#ended.abort()
    await this.#loop
  }

  async #run(first: LadderFeed): Promise<void> {
    let failures = 0
    for (let feed = first; ; feed = this.#makeFeed()) {
      this.#feed = feed
      const startedAtMs = performance.now()
      const error = await this.#encode(feed)
      this.#feed = null
      if (this.#finishing) return
      failures = performance.now() - startedAtMs > WELL_MS ? 1 : failures + 1
      this.#lost(error, failures)
      await wait(backOffMs(failures, FIRST_RESTART_MS, 30_000), undefined, {
        signal: this.#ended.signal,
      }).catch(() => {})
      if (this.#finishing) return
    }
  }

  #lost(error: unknown, failures: number): void {
    const { log, metrics, onLost, onWarning } = this.#options
    log.warn({ err: error, failures }, "A stream's encoder ended; starting it again")
    metrics.ladderRestarted()
    onWarning('ladder-restarted')
    for (const rungId of this.rungIds) onLost(rungId)
  }

  /** One life of ffmpeg: resolves with why it ended, never throws. */
  async #encode(feed: LadderFeed): Promise<unknown> {
    const { rungs, encoder } = this.#options
    const stop = new AbortController()
    const sockets = new Set<Socket>()
    const servers: Server[] = []
    let folder: string | null = null
    try {
      folder = await mkdtemp(join(tmpdir(), 'streamtube-ladder-'))
      const targets: string[] = []
      for (const rung of rungs) {
        const path = join(folder, `${rung.id}.sock`)
        servers.push(await this.#listen(rung.id, path, sockets, stop))
        targets.push(`unix:${path}`)
      }
      const options = rungOutputArguments(rungs, await encoder)
      await runFfmpeg({
        inputs: [{ source: feed, options: liveInputArguments() }],
        outputs: targets.map((target, index) => ({ target, options: options[index] ?? [] })),
        niceness: NICENESS,
        signal: AbortSignal.any([stop.signal, this.#ended.signal]),
      })
      return new Error('it ended by itself')
    } catch (error) {
      return stop.signal.aborted ? stop.signal.reason : error
    } finally {
      feed.destroy()
      await drained(sockets)
      for (const server of servers) server.close()
      if (folder) await this.#remove(folder)
    }
  }

  async #remove(folder: string): Promise<void> {
    try {
      await rm(folder, { recursive: true, force: true })
    } catch (error) {
      this.#options.log.warn({ err: error, folder }, 'A folder of sockets stays behind')
    }
  }

  async #listen(rungId: string, path: string, sockets: Set<Socket>, stop: AbortController): Promise<Server> {
    const server = createServer((socket) => {
      sockets.add(socket)
      const reader = new FlvReader((tag) => {
        const event = sourceEventOf(tag, Date.now())
        if (event) this.#options.onEvent(rungId, event)
      })
      socket.on('data', (bytes) => {
        try {
          reader.push(bytes)
        } catch (error) {
          stop.abort(error)
        }
      })
      socket.on('error', (error) => stop.abort(error))
      socket.on('close', () => sockets.delete(socket))
    })
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(path, resolve)
    })
    return server
  }

  #makeFeed(): LadderFeed {
    const header = flvFileHeader({ video: true, audio: false })
    return new LadderFeed(header, [flvTrackTag(this.#video)], () => {
      this.#options.metrics.ladderDropped()
      this.#options.onWarning('ladder-behind')
    })
  }
}

/** What ffmpeg wrote before it ended is still read: a socket closes after its last byte. */
async function drained(sockets: Set<Socket>): Promise<void> {
  const closed = [...sockets].map((socket) => new Promise((resolve) => socket.once('close', resolve)))
  const deadline = new AbortController()
  const timeout = wait(LAST_FRAMES_MS, undefined, { signal: deadline.signal }).catch(() => {})
  await Promise.race([Promise.all(closed), timeout])
  deadline.abort()
  for (const socket of sockets) socket.destroy()
}
