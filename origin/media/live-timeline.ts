import type { MediaPath } from '@streamtube/contracts/media-paths.ts'
import type { PackagerEvent } from './packager.ts'
import type { LiveView } from './playlists.ts'
import type { PartTargetMs, RenditionInfo } from './types.ts'

export interface LiveTimelineOptions {
  timelineId: string
  partTargetMs: PartTargetMs
  /** What playlists list, 60 s when absent. */
  windowMs?: number
  /** Bound on media bytes held, 64 MiB when absent. Over it the oldest segments are let go, stored or not. */
  maxBytes?: number
}

/** An object of the tail. `stored`: listed, but its bytes were let go after `markStored`: read them from blobs. */
export type LiveObject =
  | { state: 'memory'; chunks: readonly Uint8Array[]; sizeBytes: number }
  | { state: 'stored'; sizeBytes: number }

/** `ready`: answer now. `too-far`: 400. `timeout`: 503. `ended`: nothing more will come, answer with what there is. */
export type WaitOutcome = 'ready' | 'too-far' | 'timeout' | 'ended' | 'aborted' | 'unknown-rendition'

export interface WaitOptions {
  /** Three target durations (12 s) when absent. */
  timeoutMs?: number
  signal?: AbortSignal
}

/** The tail of a live broadcast in memory, fed by packagers (one per epoch), read by HTTP. Owner: the session; `end` closes it. */
export class LiveTimeline {
  constructor(options: LiveTimelineOptions) {
    throw new Error(`not yet ${options}`)
  }

  /** Names the renditions that a complete master has. Call at the start of the broadcast. */
  declare(renditionIds: readonly string[], nowMs: number): void {
    throw new Error(`not yet ${renditionIds} ${nowMs}`)
  }

  apply(event: PackagerEvent): void {
    throw new Error(`not yet ${event}`)
  }

  /** The segment's bytes are safe elsewhere: they may be let go once its parts are no longer listed. */
  markStored(renditionId: string, epoch: number, sequence: number): void {
    throw new Error(`not yet ${renditionId} ${epoch} ${sequence}`)
  }

  /** No more will come: playlists get ENDLIST, every waiter is answered. */
  end(): void {
    throw new Error('not yet')
  }

  /** The object at an address of media (init, segment or part), or null. */
  object(path: MediaPath): LiveObject | null {
    throw new Error(`not yet ${path}`)
  }

  /** Waits for a part that a preload hint named. Outcome `ready`: `object` has it. */
  waitForPart(renditionId: string, epoch: number, part: number, wait?: WaitOptions): Promise<WaitOutcome> {
    throw new Error(`not yet ${renditionId} ${epoch} ${part} ${wait}`)
  }

  /** Waits until a playlist has (msn, part), for blocking reload (MEDIA.md 13). `part` null: the whole segment. */
  waitFor(renditionId: string, msn: number, part: number | null, wait?: WaitOptions): Promise<WaitOutcome> {
    throw new Error(`not yet ${renditionId} ${msn} ${part} ${wait}`)
  }

  /** Waits until every declared rendition has a part, or 3 s after `declare` (at least one then). */
  waitForMaster(wait?: WaitOptions): Promise<WaitOutcome> {
    throw new Error(`not yet ${wait}`)
  }

  /** The multivariant playlist, or null while it is withheld. */
  master(nowMs: number): string | null {
    throw new Error(`not yet ${nowMs}`)
  }

  /** A rendition's media playlist, or null when there is none yet. Cached between changes. */
  playlist(renditionId: string, options: { skip: boolean }): string | null {
    throw new Error(`not yet ${renditionId} ${options}`)
  }

  /** What a playlist is made of. */
  snapshot(renditionId: string): LiveView | null {
    throw new Error(`not yet ${renditionId}`)
  }

  /** The newest independent segment or part of a video rendition with its header: for thumbnails. Null when there is none. */
  latestKeyFrame(renditionId: string): { init: Uint8Array; chunks: readonly Uint8Array[] } | null {
    throw new Error(`not yet ${renditionId}`)
  }

  get renditions(): readonly RenditionInfo[] {
    throw new Error('not yet')
  }

  get bytesHeld(): number {
    throw new Error('not yet')
  }

  get ended(): boolean {
    throw new Error('not yet')
  }
}
