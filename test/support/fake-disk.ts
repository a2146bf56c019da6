import { nodeFs, type SpoolFs, type SpoolHandle } from '../../origin/live/spool/fs.ts'

/** The machine's file system, whose writes fail, hang, come in pieces or run into a bound at will. */
export class FakeDisk implements SpoolFs {
  /** Writes that came through. */
  writes = 0
  /** Most bytes that a write takes at once. */
  mostPerWrite = Number.POSITIVE_INFINITY
  #failure: string | null = null
  #hanging: { released: Promise<void>; release: () => void; noticed: () => void } | null = null

  /** From now on writes fail, with a code of the system's. */
  fail(code: string): void {
    this.#failure = code
  }

  /** From now on writes hang. @returns a promise of the first that does */
  hang(): { held: Promise<void> } {
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const { promise: held, resolve: noticed } = Promise.withResolvers<void>()
    this.#hanging = { released, release, noticed }
    return { held }
  }

  /** All is well again. */
  recover(): void {
    this.#failure = null
    this.#hanging?.release()
    this.#hanging = null
  }

  readonly mkdir = nodeFs.mkdir
  readonly readdir = nodeFs.readdir
  readonly sizeOf = nodeFs.sizeOf
  readonly unlink = nodeFs.unlink
  readonly syncFolder = nodeFs.syncFolder

  async open(path: string, flags: 'wx' | 'r'): Promise<SpoolHandle> {
    const handle = await nodeFs.open(path, flags)
    return {
      writev: (buffers, position) => this.#writev(handle, buffers, position),
      read: (buffer, offset, length, position) => handle.read(buffer, offset, length, position),
      truncate: (length) => handle.truncate(length),
      datasync: () => handle.datasync(),
      close: () => handle.close(),
    }
  }

  async #writev(
    handle: SpoolHandle,
    buffers: readonly Uint8Array[],
    position: number,
  ): Promise<{ bytesWritten: number }> {
    this.#hanging?.noticed()
    await this.#hanging?.released
    const some = Buffer.concat(buffers).subarray(0, this.mostPerWrite)
    if (this.#failure) {
      // What a full disk does: some of it comes to lie there.
      await handle.writev([some.subarray(0, some.byteLength >> 1)], position)
      throw Object.assign(new Error(`${this.#failure}: write`), { code: this.#failure })
    }
    const result = await handle.writev([some], position)
    this.writes++
    return result
  }
}
