import { setTimeout as wait } from 'node:timers/promises'
import { Code, ConnectError } from '@connectrpc/connect'
import type { MediaPath } from '@streamtube/contracts/media-paths.ts'
import type { Logger } from '../log.ts'
import type { Blobs } from '../ports/blobs/port.ts'
import type { IngestApi } from './ingest-api.ts'
import { isFinalFailure } from './ingest-api.ts'
import type { LiveMetrics } from './metrics.ts'
import { Recorder } from './recorder.ts'
import { retry } from './retry.ts'
import { Spool, type SpoolEpoch, type SpoolOptions } from './spool/index.ts'

export interface RecordingsOptions {
  spool: Omit<SpoolOptions, 'log'>
  blobs: Blobs
  api: Pick<IngestApi, 'appendIndex'>
  log: Logger
  metrics: LiveMetrics
}

export interface RecordingOptions {
  timelineId: string
  epoch: number
  onStored(renditionId: string, epoch: number, sequence: number): void
  log: Logger
}

/** Broadcasts replayed at a time: one that the api can't take must not keep the others. */
const REPLAYS = 4
const LONGEST_DELAY_MS = 1_000

/**
 * A node's spool with all its recorders: those of its sessions, and those that bring up what earlier runs left. Owner:
 * the node, which calls `close` when its sessions are done.
 */
export class Recordings {
  readonly #options: RecordingsOptions
  readonly #spool: Spool
  readonly #recorders = new Set<Recorder>()
  readonly #closed = new AbortController()
  #replaying: Promise<void> | null = null

  private constructor(options: RecordingsOptions, spool: Spool) {
    this.#options = options
    this.#spool = spool
  }

  /** @throws DatabaseError `in-use` while another process has the spool's folder; the system's error */
  static async open(options: RecordingsOptions): Promise<Recordings> {
    return new Recordings(options, await Spool.open({ ...options.spool, log: options.log }))
  }

  /** A recorder of a publisher's session. It works on, also when its session has given up waiting, until `close`. */
  open({ timelineId, epoch, onStored, log }: RecordingOptions): Recorder {
    return this.#record(this.#spool.begin(timelineId, epoch), onStored, log)
  }

  /** Uploads and lists what earlier runs left. Resolves when that is done, or after `waitMs`: it goes on then. */
  async replay(waitMs: number): Promise<void> {
    this.#replaying ??= this.#replay()
    const timer = new AbortController()
    const longEnough = wait(waitMs, undefined, { signal: timer.signal }).catch(() => {})
    await Promise.race([this.#replaying, longEnough])
    timer.abort()
  }

  /** An object that blobs may not have yet; null for one that isn't in the spool. @throws the system's error */
  read(path: MediaPath): Promise<Uint8Array | null> {
    return this.#spool.read(path)
  }

  /**
   * Stops them all: what blobs and api don't have stays in the spool for the next start.
   * @param signal gives up on a disk that doesn't answer
   */
  async close(signal: AbortSignal): Promise<void> {
    this.#closed.abort()
    for (const recorder of this.#recorders) recorder.stop()
    await this.#replaying
    await this.#spool.close(signal)
  }

  async #replay(): Promise<void> {
    const running = new Set<Promise<void>>()
    // All are read first: what lies in any of them can be served.
    const left = await Array.fromAsync(this.#spool.left())
    for (const epochs of Map.groupBy(left, ({ timelineId }) => timelineId).values()) {
      if (running.size >= REPLAYS) await Promise.race(running)
      const one: Promise<void> = this.#replayBroadcast(epochs).finally(() => running.delete(one))
      running.add(one)
    }
    await Promise.all(running)
  }

  async #replayBroadcast(epochs: readonly SpoolEpoch[]): Promise<void> {
    for (const epoch of epochs) {
      if (this.#closed.signal.aborted) return
      const log = this.#options.log.child({ broadcastId: epoch.timelineId, epoch: epoch.epoch })
      try {
        await this.#replayEpoch(epoch, log)
      } catch (error) {
        if (this.#closed.signal.aborted) return
        log.error(
          { err: error },
          'What an earlier run left of a broadcast could not be stored; it stays in the spool',
        )
      }
    }
  }

  async #replayEpoch(epoch: SpoolEpoch, log: Logger): Promise<void> {
    const { signal } = this.#closed
    if (!(await this.#isKnown(epoch, log))) {
      log.warn({}, 'The spool held segments of a broadcast that the api does not know; they are deleted')
      epoch.discard()
      return await epoch.close()
    }
    const segments = epoch.segments.length
    const recorder = this.#record(epoch, () => {}, log)
    recorder.takeLeft()
    await recorder.drain(signal)
    this.#options.metrics.replayed(segments)
    log.info({ segments, complete: !recorder.isLosing }, 'What an earlier run left of a broadcast is stored')
  }

  /** Asks with an empty batch, so that nothing is uploaded for nobody. */
  async #isKnown({ timelineId, epoch }: SpoolEpoch, log: Logger): Promise<boolean> {
    try {
      await retry(() => this.#options.api.appendIndex({ timelineId, epoch, renditions: [], segments: [] }), {
        signal: this.#closed.signal,
        longestDelayMs: LONGEST_DELAY_MS,
        isFinal: isFinalFailure,
        onFailure(error, attempt) {
          if (attempt % 30 === 5)
            log.warn({ err: error, attempt }, 'The api cannot be asked about a broadcast')
        },
      })
      return true
    } catch (error) {
      if (error instanceof ConnectError && error.code === Code.NotFound) return false
      if (isFinalFailure(error)) return true
      throw error
    }
  }

  #record(spool: SpoolEpoch, onStored: RecordingOptions['onStored'], log: Logger): Recorder {
    const { blobs, api, metrics } = this.#options
    const append = (batch: Parameters<typeof api.appendIndex>[0]) => api.appendIndex(batch)
    const onDone = () => this.#recorders.delete(recorder)
    const recorder: Recorder = new Recorder({ spool, blobs, append, onStored, onDone, log, metrics })
    this.#recorders.add(recorder)
    return recorder
  }
}
