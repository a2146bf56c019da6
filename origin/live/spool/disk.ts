import type { Logger } from '../../log.ts'
import { type DiskState, mayWrite, nextDiskState, SLOW_MS, type SpoolProblem } from './disk-state.ts'
import { SpoolFile } from './file.ts'
import { type SpoolFs, systemCode } from './fs.ts'
import type { SpoolMetrics } from './metrics.ts'
import type { SpoolAddress, SpoolFileName } from './names.ts'

export interface SpoolDiskOptions {
  fs: SpoolFs
  folder: string
  /** What all files together may hold. */
  maxBytes: number
  fsync: boolean
  log: Logger
  metrics: SpoolMetrics
  /** A clock that is never set, in ms. */
  clockMs(): number
}

/** Writes under way at a time: most of libuv's four threads stay free for everybody else when the disk hangs. */
const MAX_WRITES = 2

/** A disk that is full takes something now and then, when something was deleted: it is told of once in a while. */
const QUIET_MS = 60_000

/** A write that wasn't tried: the disk is in trouble. */
export class SpoolError extends Error {
  readonly code = 'spool-failing'
}

/**
 * The folder of a spool and the disk under it, shared by all streams: how the disk does, how much is in use, and which
 * file is the oldest.
 */
export class SpoolDisk {
  readonly #options: SpoolDiskOptions
  /** By serial: a Set keeps the order in which they were added. */
  readonly #files = new Set<SpoolFile>()
  readonly #waiting: (() => void)[] = []
  #state: DiskState = { name: 'well' }
  #sizeBytes = 0
  #writes = 0
  #serial = 0
  #toldAtMs = Number.NEGATIVE_INFINITY
  #isTold = false

  constructor(options: SpoolDiskOptions) {
    this.#options = options
  }

  get fs(): SpoolFs {
    return this.#options.fs
  }

  get folder(): string {
    return this.#options.folder
  }

  get log(): Logger {
    return this.#options.log
  }

  /** Why nobody should wait for the disk; null while it is well. */
  get problem(): SpoolProblem | null {
    return this.#state.name === 'well' ? null : this.#state.problem
  }

  /** Whether a record may be offered now. */
  get admits(): boolean {
    return mayWrite(this.#state, this.#writes > 0, this.#options.clockMs())
  }

  newFile(address: SpoolAddress): SpoolFile {
    return this.#add({ ...address, serial: this.#serial + 1 })
  }

  /** A file of an earlier run. Call in the order of serials, before any new one. */
  foundFile(name: SpoolFileName, sizeBytes: number): SpoolFile {
    const file = this.#add(name, sizeBytes)
    this.#resize(sizeBytes)
    return file
  }

  /**
   * Runs a write, two at a time, and learns from it how the disk does.
   * @throws SpoolError when the disk got into trouble while it waited for its turn; the write's own error
   */
  async write<T>(run: () => Promise<T>): Promise<T> {
    const { clockMs, metrics } = this.#options
    const askedAtMs = clockMs()
    const overdue = setTimeout(() => this.#learn({ type: 'overdue' }), SLOW_MS)
    await this.#takeTurn()
    try {
      if (!mayWrite(this.#state, this.#writes > 1, clockMs())) throw new SpoolError('the disk is in trouble')
      const result = await run()
      const tookMs = clockMs() - askedAtMs
      metrics.wrote(tookMs / 1000)
      this.#learn({ type: 'written', tookMs })
      return result
    } catch (error) {
      if (!(error instanceof SpoolError)) this.#learn({ type: 'failed', code: systemCode(error) }, error)
      throw error
    } finally {
      clearTimeout(overdue)
      this.#endTurn()
    }
  }

  /** Gives up the oldest files until there is room. */
  makeRoom(sizeBytes: number): void {
    const { maxBytes, metrics, log } = this.#options
    for (const file of this.#files) {
      if (this.#sizeBytes + sizeBytes <= maxBytes) break
      if (file.sizeBytes === 0) continue
      metrics.gaveUp(file.sizeBytes)
      log.error(
        { file: file.path, sizeBytes: file.sizeBytes },
        'The spool is full: the oldest segments that no store has taken are given up',
      )
      file.remove()
    }
  }

  async #takeTurn(): Promise<void> {
    if (this.#writes < MAX_WRITES) this.#writes++
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  /** Whoever waited longest gets it as it is. */
  #endTurn(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#writes--
  }

  #add(name: SpoolFileName, sizeBytes?: number): SpoolFile {
    this.#serial = Math.max(this.#serial, name.serial)
    const { fs, folder, fsync, log } = this.#options
    const file = new SpoolFile({
      fs,
      folder,
      name,
      fsync,
      ...(sizeBytes !== undefined && { sizeBytes }),
      onSize: (change) => this.#resize(change),
      onGone: () => this.#files.delete(file),
      onStuck: (error) => log.error({ err: error, file: file.path }, 'A spool file could not be deleted'),
    })
    this.#files.add(file)
    return file
  }

  #resize(changeBytes: number): void {
    this.#sizeBytes += changeBytes
    this.#options.metrics.size(this.#sizeBytes)
  }

  #learn(event: Parameters<typeof nextDiskState>[1], error?: unknown): void {
    const { clockMs, log, metrics } = this.#options
    const nowMs = clockMs()
    const before = this.#state
    const after = nextDiskState(before, event, nowMs)
    this.#state = after
    metrics.failing(after.name === 'failing')
    if (before.name === 'well' && after.name === 'failing' && nowMs - this.#toldAtMs >= QUIET_MS) {
      this.#toldAtMs = nowMs
      this.#isTold = true
      log.error(
        { err: error, problem: after.problem },
        'The spool is not written: streams go on, but what no store has taken is lost if this process dies',
      )
    }
    if (before.name === 'failing' && after.name === 'well' && this.#isTold) {
      this.#isTold = false
      log.info({ failedForMs: Math.round(nowMs - before.sinceMs) }, 'The spool is written again')
    }
  }
}
