import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LatencyMode } from '@streamtube/contracts/api/resources.ts'
import { Creator } from './creator.ts'
import { HttpConnection } from './http-connection.ts'
import { type Platform, startPlatform } from './platform.ts'
import { makeSource } from './publisher.ts'
import { type ReadySource, readSource, Sender } from './rtmp-sender.ts'
import { clockMs } from './stamps.ts'

const TICK_MS = 2

export interface StreamOptions {
  latency: LatencyMode
  ladder: 'on' | 'off'
}

/** A live stream of a stage. */
export interface StagedStream {
  id: string
  /** Path under which a new viewer may play it: playlists are beside its master. */
  play(): Promise<string>
  stop(): Promise<void>
  /** Its encoder is gone without a goodbye. */
  lose(): void
  /** The encoder publishes again. @returns when its publish command was sent, as `clockMs` tells the time */
  comeBack(): Promise<number>
}

/**
 * A whole StreamTube with a creator, and 720p30 H.264 of about 2.6 Mb/s with AAC to publish, each frame of which says
 * when it was sent (stamps.ts). For benchmarks: it asks as programs do and keeps nothing.
 */
export class LiveStage {
  readonly platform: Platform
  readonly port: number
  readonly #folder: string
  readonly #source: ReadySource
  readonly #creator: Creator
  #previousId: string | null = null

  private constructor(parts: { platform: Platform; folder: string; source: ReadySource; creator: Creator }) {
    this.platform = parts.platform
    this.port = Number(new URL(parts.platform.url).port)
    this.#folder = parts.folder
    this.#source = parts.source
    this.#creator = parts.creator
  }

  static async start(say: (line: string) => void): Promise<LiveStage> {
    const folder = mkdtempSync(join(tmpdir(), 'streamtube-stage-'))
    let platform: Platform | undefined
    try {
      say('encoding the source')
      const file = await makeSource(folder, { width: 1280, height: 720, videoBitrateBps: 2_600_000 })
      const source = await readSource(file, { stamped: true })
      say('starting StreamTube')
      platform = await startPlatform()
      return new LiveStage({ platform, folder, source, creator: await Creator.first(platform) })
    } catch (error) {
      await platform?.stop()
      rmSync(folder, { recursive: true, force: true })
      throw error
    }
  }

  /** Publishes in real time until it is stopped. Resolves when the source rung can be played. */
  async publish(options: StreamOptions): Promise<StagedStream> {
    await this.#creator.set(options)
    let sending = this.#send()
    const stop = async () => {
      clearInterval(sending.timer)
      await sending.sender.finish()
    }
    const lose = () => {
      clearInterval(sending.timer)
      sending.sender.socket.destroy()
    }
    const comeBack = async () => {
      sending = this.#send()
      await once(sending.sender.socket, 'connect')
      return clockMs()
    }
    try {
      const id = await this.#creator.liveId(this.#previousId)
      this.#previousId = id
      const stopAndWait = async () => {
        await stop()
        await this.#creator.untilOver(id)
      }
      const stream = { id, play: () => this.#play(id), stop: stopAndWait, lose, comeBack }
      const { body } = await this.read(`${await stream.play()}source.m3u8`)
      if (!body.includes('#EXT-X-PART:')) throw new Error('a live playlist has no parts')
      return stream
    } catch (error) {
      await stop()
      throw error
    }
  }

  /** One connection's worth of reading. @throws when the answer isn't 200 */
  async read(path: string): Promise<{ body: Buffer; atMs: number }> {
    const connection = new HttpConnection(this.port)
    try {
      return await connection.read(path)
    } finally {
      connection.close()
    }
  }

  /** The sum of a metric's values of the edge, over the series whose labels hold a text. */
  async edgeMetric(name: string, labels = ''): Promise<number> {
    const taking = this.platform.logs.find(({ msg }) => msg === 'Taking viewers')
    const response = await fetch(`http://127.0.0.1:${taking?.metricsPort}/metrics`)
    const lines = (await response.text()).split('\n')
    const own = lines.filter((line) => line.startsWith(`streamtube_${name}{`) && line.includes(labels))
    return own.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }

  async close(): Promise<void> {
    await this.platform.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #send(): { sender: Sender; timer: NodeJS.Timeout } {
    const sender = new Sender(Number(new URL(this.platform.rtmpUrl).port), this.#creator.key, this.#source)
    const startedAtMs = performance.now()
    const timer = setInterval(() => sender.sendUntil(performance.now() - startedAtMs), TICK_MS)
    return { sender, timer }
  }

  async #play(id: string): Promise<string> {
    const { pathname } = await this.#creator.play(id)
    await this.read(pathname)
    return pathname.replace(/master\.m3u8$/, '')
  }
}
