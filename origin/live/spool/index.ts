import { join } from 'node:path'
import type { MediaPath } from '@streamtube/contracts/media-paths.ts'
import { type FolderLock, lockFolder } from '@streamtube/db/folder-lock.ts'
import type { Logger } from '../../log.ts'
import { SpoolDisk } from './disk.ts'
import { SpoolEpoch } from './epoch.ts'
import type { SpoolFile } from './file.ts'
import { nodeFs, type SpoolFs, systemCode } from './fs.ts'
import type { SpoolMetrics } from './metrics.ts'
import { parseSpoolFileName } from './names.ts'

export type { SpoolEpoch } from './epoch.ts'
export type { SpooledSegment } from './segment.ts'

export interface SpoolOptions {
  /** Of this node alone: a second process is refused. */
  folder: string
  /** Bound on all files together; beyond it the oldest are given up. */
  maxBytes: number
  /** Sync each segment to the disk: a loss of power takes none then. A killed process takes none in any case. */
  fsync: boolean
  log: Logger
  metrics: SpoolMetrics
  /** A clock that is never set, in ms. */
  clockMs?: () => number
  fs?: SpoolFs
}

/**
 * An ingest node's local store of finished segments that blobs and api don't both have yet (MEDIA.md 16): a segment is
 * here before it is listed, and stays until it is acknowledged. One folder of append-only files, each of one rendition
 * and epoch; a file of 4 MiB is followed by the next, because what was acknowledged can only be deleted by whole files.
 * Owner: the node, which calls `close` after the recorders are done.
 */
export class Spool {
  readonly #options: SpoolOptions
  readonly #disk: SpoolDisk
  readonly #lock: FolderLock
  readonly #epochs = new Map<string, SpoolEpoch>()
  #left: SpoolFile[]

  private constructor(options: SpoolOptions, disk: SpoolDisk, lock: FolderLock, left: SpoolFile[]) {
    this.#options = options
    this.#disk = disk
    this.#lock = lock
    this.#left = left
  }

  /** @throws DatabaseError `in-use` while another process has the folder; the system's error */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { folder, fs = nodeFs, log, clockMs = () => performance.now() } = options
    await fs.mkdir(folder)
    const lock = lockFolder(folder, 'SPOOL_DIR')
    try {
      const disk = new SpoolDisk({ ...options, fs, clockMs })
      const names = []
      for (const file of await fs.readdir(folder)) {
        const name = parseSpoolFileName(file)
        if (name) names.push({ name, sizeBytes: await fs.sizeOf(join(folder, file)) })
        else log.warn({ file: join(folder, file) }, "A file in the spool's folder isn't the spool's")
      }
      names.sort((a, b) => a.name.serial - b.name.serial)
      const left = names.map(({ name, sizeBytes }) => disk.foundFile(name, sizeBytes))
      return new Spool(options, disk, lock, left)
    } catch (error) {
      lock.release()
      throw error
    }
  }

  /** A place for what a publisher's session makes. */
  begin(timelineId: string, epoch: number): SpoolEpoch {
    const key = `${timelineId}/${epoch}`
    const opened: SpoolEpoch = new SpoolEpoch({ timelineId, epoch }, this.#disk, () => {
      if (this.#epochs.get(key) === opened) this.#epochs.delete(key)
    })
    this.#epochs.set(key, opened)
    return opened
  }

  /** What earlier runs left, oldest first; once. */
  async *left(): AsyncGenerator<SpoolEpoch> {
    const groups = Map.groupBy(this.#left, ({ name }) => `${name.timelineId}/${name.epoch}`)
    this.#left = []
    for (const files of groups.values()) {
      const [first] = files
      if (!first) continue
      const found = this.begin(first.name.timelineId, first.name.epoch)
      try {
        await found.load(files.filter((file) => !file.isGone))
        yield found
      } catch (error) {
        this.#options.log.error(
          { err: error, timelineId: found.timelineId, epoch: found.epoch, code: systemCode(error) },
          'What an earlier run left of a broadcast could not be read; it stays in the spool',
        )
      }
    }
  }

  /** An object that blobs may not have yet; null for one that isn't here. @throws the system's error */
  async read(path: MediaPath): Promise<Uint8Array | null> {
    if (path.type !== 'segment' && path.type !== 'init') return null
    const epoch = this.#epochs.get(`${path.timelineId}/${path.epoch}`)
    const object = path.type === 'segment' ? path : { header: path.header ?? 0 }
    return (await epoch?.read(path.renditionId, object)) ?? null
  }

  /**
   * Writes what was appended and lets go of the folder; what isn't acknowledged is there at the next start.
   * @param signal gives up on a disk that doesn't answer
   */
  async close(signal: AbortSignal): Promise<void> {
    const closed = Promise.all([...this.#epochs.values()].map((epoch) => epoch.close()))
    const { promise, resolve } = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (!signal.aborted) await Promise.race([closed, promise])
    this.#lock.release()
  }
}
