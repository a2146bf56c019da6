import type { CallOptions } from '../deadline.ts'

/** Limits that every adapter keeps. */
export const BLOB_KEY_MAX_CHARS = 512
export const BLOB_BATCH_MAX_KEYS = 1000
export const BLOB_LIST_MAX_ITEMS = 1000
/** Largest object where a put names no limit: 64 GiB. */
export const BLOB_MAX_BYTES = 64 * 1024 ** 3

/** Bytes at once, a list of chunks (written without joining them), or a stream. */
export type BlobBody = Uint8Array | readonly Uint8Array[] | AsyncIterable<Uint8Array>

/** For a put whose body is a stream the deadline counts between two chunks, otherwise for the whole call. */
export interface BlobPutOptions extends CallOptions {
  /** A media type, e.g. "video/mp4". */
  contentType: string
  /** Write only where there is no object yet. */
  ifAbsent?: boolean
  /** Largest body taken; over it nothing is stored and the put fails with `too-large`. */
  maxBytes?: number
}

/** Inclusive byte positions; `end` absent or past the last byte means the last byte. */
export interface ByteRange {
  start: number
  end?: number
}

export interface BlobGetOptions extends CallOptions {
  range?: ByteRange
}

export interface BlobHead {
  key: string
  /** Of the whole object, whatever range was asked for. */
  sizeBytes: number
  contentType: string
  modifiedAtMs: number
}

export interface BlobObject extends BlobHead {
  /** What `body` holds, inclusive; null for an empty object. */
  range: { start: number; end: number } | null
  /** The reader ends it: read it to its end or cancel it. */
  body: ReadableStream<Uint8Array<ArrayBuffer>>
}

export interface BlobListOptions extends CallOptions {
  /** Plain text prefix of keys; "" for all. */
  prefix: string
  /** From an earlier page's `next`. */
  cursor?: string | null
  limit?: number
}

export interface BlobPage {
  /** In the order of their keys, by code unit. */
  items: BlobHead[]
  next: string | null
}

/**
 * Media and pictures: immutable objects under keys such as `timelines/<id>/source/1/s42.m4s` (see `isBlobKey`). A key
 * is never at once an object and a folder of others. A reader sees an object whole or not at all. Errors: PortError.
 */
export interface Blobs {
  /** Writes the object whole, replacing an older one; `written` is false only with `ifAbsent` where one stands. */
  put(key: string, body: BlobBody, options: BlobPutOptions): Promise<{ written: boolean; sizeBytes: number }>
  /**
   * Opens an object; null where there is none. The deadline ends with the answer; `signal` ends the body too.
   * Errors: `invalid` for a range that starts past the end.
   */
  get(key: string, options?: BlobGetOptions): Promise<BlobObject | null>
  head(key: string, options?: CallOptions): Promise<BlobHead | null>
  /** Deletes what is there; keys without an object are fine. */
  delete(keys: readonly string[], options?: CallOptions): Promise<void>
  list(options: BlobListOptions): Promise<BlobPage>
  /** How much more the store takes, in bytes; null where there is no end to it. */
  freeBytes(options?: CallOptions): Promise<number | null>
  close(): Promise<void>
}
