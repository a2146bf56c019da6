import type { CallOptions } from '../deadline.ts'

/** Limits that every adapter keeps, so that moving to another engine changes nothing. */
export const KV_KEY_MAX_BYTES = 512
export const KV_VALUE_MAX_BYTES = 256 * 1024
export const KV_BATCH_MAX_KEYS = 1000

export interface KvWriteOptions extends CallOptions {
  /** The entry is gone after this; without it, it stays. */
  ttlMs?: number
}

export interface KvSetOptions extends KvWriteOptions {
  /** Write only where there is no entry yet. */
  ifAbsent?: boolean
}

export interface KvIncrementOptions extends KvWriteOptions {
  /** A whole number, 1 unless told; may be negative. */
  by?: number
}

export interface KvCounter {
  value: number
  /** Until the counter starts anew; null when it never does. */
  expiresInMs: number | null
}

/**
 * What is hot: rate limits, leases, cached reads. It may be flushed at any time, so nothing whose loss would hurt lives
 * only here. Keys are text without control characters. Every call is atomic. Errors: PortError.
 */
export interface Kv {
  /** The value, or null. */
  get(key: string, options?: CallOptions): Promise<string | null>
  /** Values in the order of the keys, null where there is none. */
  mget(keys: readonly string[], options?: CallOptions): Promise<(string | null)[]>
  /** True when written; false only with `ifAbsent` where an entry stands. A write without `ttlMs` clears an older one. */
  set(key: string, value: string, options?: KvSetOptions): Promise<boolean>
  /** How many entries were there. */
  delete(keys: readonly string[], options?: CallOptions): Promise<number>
  /**
   * Adds to a counter that starts at 0. `ttlMs` counts from the counter's first increment and later ones don't extend it:
   * a fixed window. Errors: `conflict` where the value isn't a whole number.
   */
  increment(key: string, options?: KvIncrementOptions): Promise<KvCounter>
  /**
   * Writes where the entry equals `expected` (null: where there is none); true when written. With a holder's name as the
   * value it takes (`null`) and renews (the name) a lease.
   */
  setIfEquals(key: string, expected: string | null, value: string, options?: KvWriteOptions): Promise<boolean>
  /** Deletes where the entry equals `expected`; true when deleted. Gives a lease back. */
  deleteIfEquals(key: string, expected: string, options?: CallOptions): Promise<boolean>
  /** Ends it; what was written is kept where the engine keeps things. */
  close(): Promise<void>
}
