import type { CallOptions } from '../deadline.ts'

/** Limits that every adapter keeps. */
export const DOC_MAX_BYTES = 64 * 1024
export const DOC_BATCH_MAX = 1000
export const DOC_PAGE_MAX = 1000

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue }
export type JsonObject = { [name: string]: JsonValue }

/** A document that is written once and read in the order of time. */
export interface Doc {
  /** Unique in its collection, at most 64 letters, digits, `-` and `_`; the writer makes it, so that a retry inserts nothing twice. */
  id: string
  /** Milliseconds since the Unix epoch. */
  timeMs: number
  body: JsonObject
}

export interface DocFilter {
  /** Top-level fields of the body that must equal these. */
  equals?: Record<string, string | number | boolean>
  /** Inclusive. */
  fromMs?: number
  /** Exclusive. */
  toMs?: number
}

export interface DocFindOptions extends CallOptions {
  /** `asc` unless told: oldest first; ties go by id. */
  order?: 'asc' | 'desc'
  cursor?: string | null
  limit?: number
}

export interface DocPage {
  items: Doc[]
  next: string | null
}

/** Append-mostly documents: chat log, playback sessions, audit log, notification inbox. Errors: PortError. */
export interface Docs {
  /** Inserts what isn't there yet and answers how many; a known id is left as it was. All of a batch or nothing. */
  insertMany(collection: string, docs: readonly Doc[], options?: CallOptions): Promise<number>
  find(collection: string, filter: DocFilter, options?: DocFindOptions): Promise<DocPage>
  /** Retention: deletes what is older than `beforeMs` (exclusive) and answers how many. */
  deleteBefore(collection: string, beforeMs: number, options?: CallOptions): Promise<number>
  close(): Promise<void>
}
