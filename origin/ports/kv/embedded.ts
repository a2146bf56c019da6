import { type CallOptions, withDeadline } from '../deadline.ts'
import { PortError } from '../error.ts'
import { checkKey, checkKeys, checkStep, checkTtl, checkValue } from './check.ts'
import { type KvLog, openKvFileLog } from './log.ts'
import type { Kv, KvCounter, KvIncrementOptions, KvSetOptions, KvWriteOptions } from './port.ts'
import { expiry, KvStore } from './store.ts'

export interface EmbeddedKvOptions {
  /** Where the log lies; null keeps nothing beyond this process. One process at a time. */
  directory: string | null
  /** Bound of keys and values in memory; 64 MiB unless told. */
  maxBytes?: number
  /** Size above which the log may be rewritten; 4 MiB unless told. */
  compactAboveBytes?: number
  onDamage?: (lostBytes: number) => void
  onError?: (error: unknown) => void
  now?: () => number
}

const MIB = 1024 * 1024
const SWEEP_EVERY_MS = 1000
const SWEEP_ENTRIES = 5000

/**
 * Opens the embedded kv (`embedded:<folder>`): entries in memory, changes in an append log that is replayed at start. A
 * change is in the log, unsynced, when its call returns; the log is synced once a second.
 */
export async function openEmbeddedKv(options: EmbeddedKvOptions): Promise<Kv> {
  const { directory, now = Date.now, onDamage = () => {}, onError = () => {} } = options
  let logged: Promise<void>[] = []
  let log: KvLog | null = null
  const store = new KvStore(options.maxBytes ?? 64 * MIB, (record) => {
    if (log) logged.push(log.append(record))
  })
  if (directory !== null) {
    log = await openKvFileLog({
      directory,
      onRecord: (record) => store.replay(record),
      onDamage,
      onError,
      snapshot: () => store.snapshot(now()),
      compactAboveBytes: options.compactAboveBytes ?? 4 * MIB,
      maxPendingBytes: 16 * MIB,
    })
  }
  const takeLogged = () => {
    const taken = logged
    logged = []
    return taken
  }
  return new EmbeddedKv(store, takeLogged, () => log?.close(), now)
}

class EmbeddedKv implements Kv {
  readonly #store: KvStore
  readonly #takeLogged: () => Promise<void>[]
  readonly #closeLog: () => Promise<void> | undefined
  readonly #now: () => number
  readonly #sweeper: NodeJS.Timeout
  #closed = false

  constructor(
    store: KvStore,
    takeLogged: () => Promise<void>[],
    closeLog: () => Promise<void> | undefined,
    now: () => number,
  ) {
    this.#store = store
    this.#takeLogged = takeLogged
    this.#closeLog = closeLog
    this.#now = now
    this.#sweeper = setInterval(() => store.sweep(SWEEP_ENTRIES, now()), SWEEP_EVERY_MS).unref()
  }

  get(key: string, options: CallOptions = {}): Promise<string | null> {
    return this.#call('get', options, () => {
      checkKey(key)
      return this.#store.get(key, this.#now())
    })
  }

  mget(keys: readonly string[], options: CallOptions = {}): Promise<(string | null)[]> {
    return this.#call('mget', options, () => {
      checkKeys(keys)
      const nowMs = this.#now()
      return keys.map((key) => this.#store.get(key, nowMs))
    })
  }

  set(key: string, value: string, options: KvSetOptions = {}): Promise<boolean> {
    return this.#call('set', options, () => {
      checkKey(key)
      checkValue(value)
      checkTtl(options.ttlMs)
      const nowMs = this.#now()
      if (options.ifAbsent && this.#store.get(key, nowMs) !== null) return false
      this.#store.set(key, value, expiry(options.ttlMs, nowMs), nowMs)
      return true
    })
  }

  delete(keys: readonly string[], options: CallOptions = {}): Promise<number> {
    return this.#call('delete', options, () => {
      checkKeys(keys)
      const nowMs = this.#now()
      return keys.filter((key) => this.#store.delete(key, nowMs)).length
    })
  }

  increment(key: string, options: KvIncrementOptions = {}): Promise<KvCounter> {
    return this.#call('increment', options, () => {
      const by = options.by ?? 1
      checkKey(key)
      checkTtl(options.ttlMs)
      checkStep(by)
      return this.#store.increment(key, by, options.ttlMs, this.#now())
    })
  }

  setIfEquals(
    key: string,
    expected: string | null,
    value: string,
    options: KvWriteOptions = {},
  ): Promise<boolean> {
    return this.#call('setIfEquals', options, () => {
      checkKey(key)
      checkValue(value)
      checkTtl(options.ttlMs)
      const nowMs = this.#now()
      if (this.#store.get(key, nowMs) !== expected) return false
      this.#store.set(key, value, expiry(options.ttlMs, nowMs), nowMs)
      return true
    })
  }

  deleteIfEquals(key: string, expected: string, options: CallOptions = {}): Promise<boolean> {
    return this.#call('deleteIfEquals', options, () => {
      checkKey(key)
      const nowMs = this.#now()
      return this.#store.get(key, nowMs) === expected && this.#store.delete(key, nowMs)
    })
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearInterval(this.#sweeper)
    await this.#closeLog()
  }

  /** Runs `work` in one go, so that it is atomic, then waits until what it changed is logged. */
  #call<T>(name: string, options: CallOptions, work: () => T): Promise<T> {
    return withDeadline('kv', name, options, async () => {
      if (this.#closed) throw new PortError('kv', 'closed', `${name} after close`)
      const answer = work()
      await Promise.all(this.#takeLogged())
      return answer
    })
  }
}
