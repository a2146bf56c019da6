import { type FileHandle, mkdir, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { PortError } from '../error.ts'
import { decodeLog, encodeRecord, type KvRecord } from './record.ts'

/** Where changes are kept. */
export interface KvLog {
  /** Resolves when the record is with the operating system: a killed process loses nothing. */
  append(record: KvRecord): Promise<void>
  close(): Promise<void>
}

export interface KvFileLogOptions {
  directory: string
  /** Called for each record that is already there. */
  onRecord: (record: KvRecord) => void
  /** Called when a damaged tail was cut off. */
  onDamage: (lostBytes: number) => void
  /** Called when the log could not be written or synced; it tries again with the next record. */
  onError: (error: unknown) => void
  /** What the log must hold; it is written anew from this when it has grown past four times that. */
  snapshot: () => Iterable<KvRecord>
  /** The log is never rewritten below this size. */
  compactAboveBytes: number
  /** Most that may wait to be written. */
  maxPendingBytes: number
}

const FILE = 'kv.log'
/** Power may take the last second; a process that dies takes nothing. */
const SYNC_EVERY_MS = 1000
const SNAPSHOT_CHUNK_CHARS = 256 * 1024
const GROWTH = 4

interface Pending {
  line: string
  done: () => void
  failed: (error: unknown) => void
}

/**
 * Opens the log, replays it and cuts off a torn tail. Records that arrive together are written together; the file is
 * synced at most once a second.
 */
export async function openKvFileLog(options: KvFileLogOptions): Promise<KvLog> {
  await mkdir(options.directory, { recursive: true, mode: 0o700 })
  const path = join(options.directory, FILE)
  const file = await open(path, 'a+', 0o600)
  try {
    const bytes = await file.readFile()
    const goodBytes = decodeLog(bytes, options.onRecord)
    if (goodBytes < bytes.length) {
      await file.truncate(goodBytes)
      options.onDamage(bytes.length - goodBytes)
    }
    return new KvFileLog(path, file, goodBytes, options)
  } catch (error) {
    await file.close()
    throw error
  }
}

class KvFileLog implements KvLog {
  readonly #path: string
  readonly #options: KvFileLogOptions
  #file: FileHandle
  #sizeBytes: number
  #compactAtBytes: number
  #pending: Pending[] = []
  #pendingBytes = 0
  #writing: Promise<void> | null = null
  #syncTimer: NodeJS.Timeout | null = null
  /** A write failed: memory is the truth, so the next one rewrites the file from it. */
  #broken = false
  #closed = false

  constructor(path: string, file: FileHandle, sizeBytes: number, options: KvFileLogOptions) {
    this.#path = path
    this.#file = file
    this.#sizeBytes = sizeBytes
    this.#options = options
    this.#compactAtBytes = options.compactAboveBytes
  }

  append(record: KvRecord): Promise<void> {
    const line = encodeRecord(record)
    if (this.#closed) return Promise.reject(new PortError('kv', 'closed', 'the log is closed'))
    if (this.#pendingBytes + line.length > this.#options.maxPendingBytes) {
      return Promise.reject(new PortError('kv', 'full', 'too much waits to be written'))
    }
    this.#pendingBytes += line.length
    return new Promise((done, failed) => {
      this.#pending.push({ line, done, failed })
      this.#writing ??= this.#writeAll()
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#writing
    if (this.#syncTimer) clearTimeout(this.#syncTimer)
    try {
      await this.#file.sync()
    } finally {
      await this.#file.close()
    }
  }

  async #writeAll(): Promise<void> {
    // Lets every record of this turn of the event loop into the same write.
    await Promise.resolve()
    while (this.#pending.length > 0) {
      const batch = this.#pending
      this.#pending = []
      try {
        await this.#write(batch.map((one) => one.line).join(''))
        for (const one of batch) one.done()
      } catch (error) {
        this.#broken = true
        this.#options.onError(error)
        for (const one of batch)
          one.failed(new PortError('kv', 'unavailable', 'the log cannot be written', error))
      }
      for (const one of batch) this.#pendingBytes -= one.line.length
    }
    this.#writing = null
  }

  async #write(text: string): Promise<void> {
    if (this.#broken || this.#sizeBytes > this.#compactAtBytes) await this.#compact()
    const bytes = Buffer.from(text)
    await this.#file.writeFile(bytes)
    this.#sizeBytes += bytes.length
    this.#syncTimer ??= setTimeout(() => this.#sync(), SYNC_EVERY_MS).unref()
  }

  #sync(): void {
    this.#syncTimer = null
    this.#file.datasync().catch((error: unknown) => {
      // Compaction and close swap the file under a sync; both sync it themselves.
      if (!this.#closed && !isBadFile(error)) this.#options.onError(error)
    })
  }

  /** Writes what counts to a new file and puts it in the old one's place. */
  async #compact(): Promise<void> {
    const nextPath = `${this.#path}.new`
    const next = await open(nextPath, 'w', 0o600)
    let sizeBytes = 0
    try {
      for (const chunk of chunks(this.#options.snapshot())) {
        const bytes = Buffer.from(chunk)
        await next.writeFile(bytes)
        sizeBytes += bytes.length
      }
      await next.sync()
      await rename(nextPath, this.#path)
    } catch (error) {
      await next.close()
      throw error
    }
    const old = this.#file
    this.#file = next
    this.#sizeBytes = sizeBytes
    this.#compactAtBytes = Math.max(this.#options.compactAboveBytes, GROWTH * sizeBytes)
    this.#broken = false
    await old.close()
  }
}

function* chunks(records: Iterable<KvRecord>): Generator<string> {
  let text = ''
  for (const record of records) {
    text += encodeRecord(record)
    if (text.length >= SNAPSHOT_CHUNK_CHARS) {
      yield text
      text = ''
    }
  }
  if (text) yield text
}

function isBadFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EBADF'
}
