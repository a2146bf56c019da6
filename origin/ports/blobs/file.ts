import { randomUUID } from 'node:crypto'
import {
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  unlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type CallOptions, DEFAULT_TIMEOUT_MS, withDeadline } from '../deadline.ts'
import { PortError } from '../error.ts'
import { checkContentType, contentTypeByName } from './content-type.ts'
import { fileStream, resolveRange, writeBody } from './file-body.ts'
import { fileErrorCode, ignoreMissing, toPortError } from './file-error.ts'
import { pruneFolder, syncFolder } from './file-folders.ts'
import { walkKeys } from './file-walk.ts'
import { checkBlobKey, checkBlobKeys } from './key.ts'
import {
  BLOB_LIST_MAX_ITEMS,
  BLOB_MAX_BYTES,
  type BlobBody,
  type BlobGetOptions,
  type BlobHead,
  type BlobListOptions,
  type BlobObject,
  type BlobPage,
  type BlobPutOptions,
  type Blobs,
} from './port.ts'

export interface FileBlobsOptions {
  /** Made when it isn't there. Several processes may share it. */
  folder: string
  /** Sync each object and its name to the disk before a put returns. Off: power may take the last seconds. */
  fsync?: boolean
  now?: () => number
  /** How full the folder's disk is; the system's answer unless told. */
  diskOf?: (folder: string) => Promise<{ bavail: number; bsize: number }>
}

/** Half-written objects lie here, so that the tree never shows one. No key begins with a dot. */
const TEMPORARY = '.tmp'
/** A put that began this long ago has died. */
const TEMPORARY_MAX_AGE_MS = 24 * 3600_000
const PLACE_ATTEMPTS = 5

/** Opens blobs in a folder (`file:<folder>`): one file an object, its name the key. */
export async function openFileBlobs({
  folder,
  fsync = false,
  now = Date.now,
  diskOf = statfs,
}: FileBlobsOptions): Promise<Blobs> {
  const root = resolve(folder)
  const temporary = join(root, TEMPORARY)
  await mkdir(temporary, { recursive: true, mode: 0o700 })
  for (const name of await readdir(temporary)) {
    const path = join(temporary, name)
    const info = await stat(path).catch(ignoreMissing)
    if (info && info.mtimeMs < now() - TEMPORARY_MAX_AGE_MS) await rm(path, { force: true })
  }
  return new FileBlobs(root, fsync, diskOf)
}

class FileBlobs implements Blobs {
  readonly #root: string
  readonly #fsync: boolean
  readonly #diskOf: NonNullable<FileBlobsOptions['diskOf']>
  /** Bodies that are being read: closed with the port. */
  readonly #reading = new Set<FileHandle>()
  #closed = false

  constructor(root: string, fsync: boolean, diskOf: NonNullable<FileBlobsOptions['diskOf']>) {
    this.#root = root
    this.#fsync = fsync
    this.#diskOf = diskOf
  }

  put(
    key: string,
    body: BlobBody,
    options: BlobPutOptions,
  ): Promise<{ written: boolean; sizeBytes: number }> {
    const streams = !(body instanceof Uint8Array) && Symbol.asyncIterator in body
    const stallMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
    const work = async (signal: AbortSignal) => {
      this.#check()
      checkBlobKey(key)
      checkContentType(options.contentType)
      const temporary = join(this.#root, TEMPORARY, randomUUID())
      let renamed = false
      try {
        const sizeBytes = await this.#write(
          temporary,
          body,
          options.maxBytes ?? BLOB_MAX_BYTES,
          stallMs,
          signal,
        )
        signal.throwIfAborted()
        const written = await this.#place(temporary, key, options)
        renamed = written && !options.ifAbsent
        return { written, sizeBytes }
      } finally {
        if (!renamed) await rm(temporary, { force: true })
      }
    }
    if (!streams) return this.#call('put', options, work)
    // A stream's deadline is between its chunks (kept by `writeBody`); only the caller's signal ends the whole.
    return this.#call('put', { ...options, timeoutMs: 2 ** 31 - 1 }, work)
  }

  get(key: string, options: BlobGetOptions = {}): Promise<BlobObject | null> {
    return this.#call('get', options, async (signal) => {
      this.#check()
      checkBlobKey(key)
      const file = await open(this.#path(key), 'r').catch(ignoreMissing)
      if (!file) return null
      try {
        const head = await this.#headOf(key, await file.stat())
        const range = head && resolveRange(head.sizeBytes, options.range)
        signal.throwIfAborted()
        if (!head) {
          await file.close()
          return null
        }
        this.#reading.add(file)
        const body = fileStream(file, range ?? null, options.signal, () => this.#reading.delete(file))
        return { ...head, range: range ?? null, body }
      } catch (error) {
        await file.close()
        throw error
      }
    })
  }

  head(key: string, options: CallOptions = {}): Promise<BlobHead | null> {
    return this.#call('head', options, async () => {
      this.#check()
      checkBlobKey(key)
      return await this.#head(key)
    })
  }

  delete(keys: readonly string[], options: CallOptions = {}): Promise<void> {
    return this.#call('delete', options, async (signal) => {
      this.#check()
      checkBlobKeys(keys)
      const folders = new Set<string>()
      for (const key of keys) {
        signal.throwIfAborted()
        await unlink(this.#path(key)).catch(ignoreMissing)
        await unlink(this.#typePath(key)).catch(ignoreMissing)
        folders.add(dirname(this.#path(key)))
      }
      for (const folder of folders) await pruneFolder(folder, this.#root)
    })
  }

  list(options: BlobListOptions): Promise<BlobPage> {
    return this.#call('list', options, async (signal) => {
      this.#check()
      const { prefix, cursor = null, limit = 100 } = options
      if (!(Number.isInteger(limit) && limit > 0 && limit <= BLOB_LIST_MAX_ITEMS)) {
        throw new PortError('blobs', 'invalid', `a page of ${limit}, 1 to ${BLOB_LIST_MAX_ITEMS} can be had`)
      }
      if (cursor !== null) checkBlobKey(cursor)
      const items: BlobHead[] = []
      for await (const key of walkKeys(this.#root, prefix, cursor)) {
        signal.throwIfAborted()
        const head = await this.#head(key)
        if (!head) continue
        const last = items.at(-1)
        if (items.length === limit && last) return { items, next: last.key }
        items.push(head)
      }
      return { items, next: null }
    })
  }

  freeBytes(options: CallOptions = {}): Promise<number> {
    return this.#call('freeBytes', options, async () => {
      this.#check()
      // What this user may have: some of a disk is kept for root.
      const { bavail, bsize } = await this.#diskOf(this.#root)
      return bavail * bsize
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#reading].map((file) => file.close()))
    this.#reading.clear()
  }

  async #write(
    temporary: string,
    body: BlobBody,
    maxBytes: number,
    stallMs: number,
    signal: AbortSignal,
  ): Promise<number> {
    const file = await open(temporary, 'wx', 0o600)
    try {
      const sizeBytes = await writeBody(file, body, { maxBytes, stallMs, signal })
      if (this.#fsync) await file.sync()
      return sizeBytes
    } finally {
      await file.close()
    }
  }

  /** Gives the written file its name; makes the folder if a put or delete beside this one has not, or has removed it. */
  async #place(temporary: string, key: string, { contentType, ifAbsent }: BlobPutOptions): Promise<boolean> {
    const path = this.#path(key)
    for (let attempt = 1; ; attempt++) {
      try {
        if (ifAbsent) await link(temporary, path)
        await this.#keepType(key, contentType)
        if (!ifAbsent) await rename(temporary, path)
        break
      } catch (error) {
        if (ifAbsent && fileErrorCode(error) === 'EEXIST' && (await stat(path)).isFile()) return false
        if (fileErrorCode(error) !== 'ENOENT' || attempt === PLACE_ATTEMPTS) throw error
        await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      }
    }
    if (this.#fsync) await syncFolder(dirname(path))
    return true
  }

  /** A content type that the name doesn't tell lies in a file beside the object. */
  async #keepType(key: string, contentType: string): Promise<void> {
    if (contentType === contentTypeByName(key)) await unlink(this.#typePath(key)).catch(ignoreMissing)
    else await writeFile(this.#typePath(key), contentType, { mode: 0o600 })
  }

  async #head(key: string): Promise<BlobHead | null> {
    const info = await stat(this.#path(key)).catch(ignoreMissing)
    return info ? await this.#headOf(key, info) : null
  }

  async #headOf(
    key: string,
    info: { isFile(): boolean; size: number; mtimeMs: number },
  ): Promise<BlobHead | null> {
    if (!info.isFile()) return null
    const kept = await readFile(this.#typePath(key), 'utf8').catch(ignoreMissing)
    return {
      key,
      sizeBytes: info.size,
      contentType: kept ?? contentTypeByName(key),
      modifiedAtMs: Math.floor(info.mtimeMs),
    }
  }

  #path(key: string): string {
    return join(this.#root, key)
  }

  #typePath(key: string): string {
    const slash = key.lastIndexOf('/') + 1
    return join(this.#root, `${key.slice(0, slash)}.${key.slice(slash)}.type`)
  }

  #check(): void {
    if (this.#closed) throw new PortError('blobs', 'closed', 'the store is closed')
  }

  #call<T>(name: string, options: CallOptions, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return withDeadline('blobs', name, options, (signal) =>
      run(signal).catch((error: unknown) => {
        throw toPortError(name, error)
      }),
    )
  }
}
