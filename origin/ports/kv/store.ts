import { PortError } from '../error.ts'
import type { KvCounter } from './port.ts'
import type { KvRecord } from './record.ts'

interface Entry {
  value: string
  expiresAtMs: number | null
}

/** What an entry costs beside its text, roughly. */
const ENTRY_OVERHEAD_BYTES = 100

/**
 * The embedded kv's entries: synchronous and without I/O. Each change is told to `onChange` as the record to log.
 * An entry over the bound is refused with `full` after what has expired was swept: leases and counters are never
 * thrown out to make room.
 */
export class KvStore {
  readonly #entries = new Map<string, Entry>()
  readonly #maxBytes: number
  readonly #onChange: (record: KvRecord) => void
  #sizeBytes = 0
  #sweepCursor: Iterator<[string, Entry]> | null = null

  constructor(maxBytes: number, onChange: (record: KvRecord) => void) {
    this.#maxBytes = maxBytes
    this.#onChange = onChange
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get count(): number {
    return this.#entries.size
  }

  get(key: string, nowMs: number): string | null {
    return this.#live(key, nowMs)?.value ?? null
  }

  set(key: string, value: string, expiresAtMs: number | null, nowMs: number): void {
    const grows = costOf(key, value) - this.#costNow(key)
    if (grows > 0 && this.#sizeBytes + grows > this.#maxBytes) {
      this.#sweepAll(nowMs)
      if (this.#sizeBytes + costOf(key, value) - this.#costNow(key) > this.#maxBytes) {
        throw new PortError('kv', 'full', `the store holds ${this.#sizeBytes} of ${this.#maxBytes} bytes`)
      }
    }
    this.#put(key, { value, expiresAtMs })
    this.#onChange({ type: 'set', key, value, expiresAtMs })
  }

  delete(key: string, nowMs: number): boolean {
    const there = this.#live(key, nowMs) !== undefined
    if (this.#remove(key)) this.#onChange({ type: 'delete', key })
    return there
  }

  increment(key: string, by: number, ttlMs: number | undefined, nowMs: number): KvCounter {
    const entry = this.#live(key, nowMs)
    const value = Number(entry?.value ?? 0) + by
    if ((entry && !/^-?\d+$/.test(entry.value)) || !Number.isSafeInteger(value)) {
      throw new PortError(
        'kv',
        'conflict',
        `the value of ${JSON.stringify(key)} is no counter that can take ${by}`,
      )
    }
    const expiresAtMs = entry ? entry.expiresAtMs : expiry(ttlMs, nowMs)
    this.set(key, String(value), expiresAtMs, nowMs)
    return { value, expiresInMs: expiresAtMs === null ? null : expiresAtMs - nowMs }
  }

  /** Takes a record of the log: no bound, nothing told. */
  replay(record: KvRecord): void {
    if (record.type === 'set') this.#put(record.key, record)
    else this.#remove(record.key)
  }

  /** Drops what has expired among the next `count` entries, so that a sweep never holds the process up. */
  sweep(count: number, nowMs: number): void {
    this.#sweepCursor ??= this.#entries.entries()
    for (let i = 0; i < count; i++) {
      const next = this.#sweepCursor.next()
      if (next.done) {
        this.#sweepCursor = null
        return
      }
      this.#expire(next.value[0], next.value[1], nowMs)
    }
  }

  /** What a fresh log must hold. Entries that change while this is read come as changes, too. */
  *snapshot(nowMs: number): Generator<KvRecord> {
    for (const [key, entry] of this.#entries) {
      if (isLive(entry, nowMs)) yield { type: 'set', key, ...entry }
    }
  }

  #live(key: string, nowMs: number): Entry | undefined {
    const entry = this.#entries.get(key)
    return entry && isLive(entry, nowMs) ? entry : undefined
  }

  #sweepAll(nowMs: number): void {
    for (const [key, entry] of this.#entries) this.#expire(key, entry, nowMs)
  }

  /** Without a record: its time of expiry is in the log already. */
  #expire(key: string, entry: Entry, nowMs: number): void {
    if (!isLive(entry, nowMs)) this.#remove(key)
  }

  #put(key: string, entry: Entry): void {
    this.#sizeBytes += costOf(key, entry.value) - this.#costNow(key)
    this.#entries.set(key, { value: entry.value, expiresAtMs: entry.expiresAtMs })
  }

  #remove(key: string): boolean {
    this.#sizeBytes -= this.#costNow(key)
    return this.#entries.delete(key)
  }

  #costNow(key: string): number {
    const entry = this.#entries.get(key)
    return entry ? costOf(key, entry.value) : 0
  }
}

/** When an entry written now is gone. */
export function expiry(ttlMs: number | undefined, nowMs: number): number | null {
  return ttlMs === undefined ? null : nowMs + ttlMs
}

function isLive(entry: Entry, nowMs: number): boolean {
  return entry.expiresAtMs === null || entry.expiresAtMs > nowMs
}

/** Strings are counted as two bytes a character, which is the most they take. */
function costOf(key: string, value: string): number {
  return 2 * (key.length + value.length) + ENTRY_OVERHEAD_BYTES
}
