import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type SpoolFs, type SpoolHandle, systemCode } from './fs.ts'
import { type SpoolFileName, spoolFileName } from './names.ts'

export interface SpoolFileOptions {
  fs: SpoolFs
  folder: string
  name: SpoolFileName
  /** Bytes that it has already: a file of an earlier run, to which nothing is appended. */
  sizeBytes?: number
  fsync: boolean
  /** Its size on the disk has changed by so much. */
  onSize(changeBytes: number): void
  onGone(file: SpoolFile): void
  /** It could not be deleted. */
  onStuck(error: unknown): void
}

/** Where a segment's media lie in a file. */
export interface Place {
  file: SpoolFile
  at: number
  sizeBytes: number
  crc: number
}

/**
 * One file of the spool: records one behind the other, of one rendition and epoch. It is deleted when it is sealed and
 * each of its segments is acknowledged, or as a whole when the spool has to make room.
 */
export class SpoolFile {
  readonly name: SpoolFileName
  readonly path: string
  readonly #options: SpoolFileOptions
  #handle: SpoolHandle | null = null
  #sizeBytes: number
  #outstanding = 0
  #sealed: boolean
  #gone = false

  constructor(options: SpoolFileOptions) {
    this.#options = options
    this.name = options.name
    this.path = join(options.folder, spoolFileName(options.name))
    this.#sizeBytes = options.sizeBytes ?? 0
    this.#sealed = options.sizeBytes !== undefined
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** Deleted, with whatever wasn't acknowledged. */
  get isGone(): boolean {
    return this.#gone
  }

  /**
   * Appends buffers; all of them or, as far as a reader can tell, none: what a failure leaves is behind the end.
   * @returns where the first byte lies
   * @throws the system's error
   */
  async append(buffers: readonly Uint8Array[]): Promise<number> {
    const { fs, folder, fsync } = this.#options
    if (!this.#handle) {
      this.#handle = await fs.open(this.path, 'wx')
      if (fsync) await fs.syncFolder(folder)
    }
    const at = this.#sizeBytes
    const endsAt = await writeAll(this.#handle, buffers, at)
    if (fsync) await this.#handle.datasync()
    // It may have been given up meanwhile.
    if (!this.#gone) this.#resize(endsAt)
    return at
  }

  /** A segment that was appended, or found, is to be acknowledged. */
  retain(): void {
    this.#outstanding++
  }

  acknowledge(): void {
    this.#outstanding--
    this.#removeIfDone()
  }

  /** Media of a segment; null when they are gone or aren't what was written. @throws the system's error */
  async read({ at, sizeBytes, crc }: Place): Promise<Uint8Array | null> {
    if (this.#gone) return null
    let handle: SpoolHandle
    try {
      handle = await this.#options.fs.open(this.path, 'r')
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null
      throw error
    }
    try {
      const bytes = Buffer.allocUnsafeSlow(sizeBytes)
      return (await readAll(handle, bytes, at)) && crc32(bytes) === crc ? bytes : null
    } finally {
      await handle.close()
    }
  }

  /** Nothing more will be appended. @throws the system's error; the file is sealed all the same */
  async seal(): Promise<void> {
    this.#sealed = true
    const handle = this.#handle
    this.#handle = null
    this.#removeIfDone()
    if (!handle) return
    try {
      // A failed write may have left something behind the end.
      if (!this.#gone) await handle.truncate(this.#sizeBytes)
    } finally {
      await handle.close()
    }
  }

  /** Deletes it, whatever it holds. */
  remove(): void {
    if (this.#gone) return
    this.#gone = true
    this.#resize(0)
    this.#options.onGone(this)
    this.#options.fs.unlink(this.path).catch((error: unknown) => {
      // One that was never written isn't there.
      if (systemCode(error) !== 'ENOENT') this.#options.onStuck(error)
    })
  }

  #removeIfDone(): void {
    if (this.#sealed && this.#outstanding === 0) this.remove()
  }

  #resize(sizeBytes: number): void {
    this.#options.onSize(sizeBytes - this.#sizeBytes)
    this.#sizeBytes = sizeBytes
  }
}

/** One call, as a rule: a disk that fills up takes a part of it first, and says why with the rest. */
async function writeAll(handle: SpoolHandle, buffers: readonly Uint8Array[], at: number): Promise<number> {
  let position = at
  let rest = buffers.filter((buffer) => buffer.byteLength > 0)
  while (rest.length > 0) {
    const { bytesWritten } = await handle.writev(rest, position)
    if (bytesWritten === 0) throw Object.assign(new Error('nothing could be written'), { code: 'EIO' })
    position += bytesWritten
    rest = behind(rest, bytesWritten)
  }
  return position
}

function behind(buffers: readonly Uint8Array[], count: number): Uint8Array[] {
  let left = count
  return buffers.flatMap((buffer) => {
    const cut = Math.min(left, buffer.byteLength)
    left -= cut
    return cut < buffer.byteLength ? [buffer.subarray(cut)] : []
  })
}

/** False when the file ends before. */
export async function readAll(handle: SpoolHandle, bytes: Uint8Array, at: number): Promise<boolean> {
  for (let done = 0; done < bytes.byteLength; ) {
    const { bytesRead } = await handle.read(bytes, done, bytes.byteLength - done, at + done)
    if (bytesRead === 0) return false
    done += bytesRead
  }
  return true
}
