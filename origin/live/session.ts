import type { Logger } from '../log.ts'
import { UnsupportedCodecError } from '../media/errors.ts'
import type { FlvTag } from '../media/flv/reader.ts'
import { sourceEventOf } from '../media/flv/source.ts'
import type { LiveTimeline } from '../media/live-timeline.ts'
import { Packager, type PackagerEvent } from '../media/packager.ts'
import { type SanitisedEvent, Sanitiser } from '../media/sanitiser.ts'
import type { SegmentEntry } from '../media/types.ts'
import { type Before, Continuation, leftBy } from './continuation.ts'
import type { Grant } from './grant.ts'
import { HealthMeter } from './health.ts'
import type { IngestApi } from './ingest-api.ts'
import type { Ladder, LadderMaker } from './ladder.ts'
import type { LiveMetrics } from './metrics.ts'
import type { Recorder } from './recorder.ts'
import type { Recordings } from './recordings.ts'
import type { StreamReport } from './reports.ts'
import { type CloseReason, type Encoder, type Publication, PublishRefused } from './rtmp/desk.ts'
import { Sequences } from './sequences.ts'
import type { SpoolGate } from './spool/gate.ts'

/** What all sessions of a node have in common. */
export interface SessionParts {
  api: IngestApi
  recordings: Recordings
  makeLadder: LadderMaker
  metrics: LiveMetrics
  nowMs(): number
}

export interface SessionOptions extends SessionParts {
  grant: Grant
  encoder: Encoder
  broadcast: SessionBroadcast
  log: Logger
}

/** The broadcast as its sessions see it: it outlives them. */
export interface SessionBroadcast {
  readonly timeline: LiveTimeline
  /** On the way to the timeline. */
  readonly gate: SpoolGate
  /** A session's tracks are known: its media are the broadcast's from now on. @returns null for the first one's */
  begin(session: LiveSession): Before | null
  /** A session's encoder has gone; its last media are still being packaged. */
  closed(session: LiveSession, reason: CloseReason): void
  /** The api gave the numbers that follow to a newer epoch. */
  fenced(session: LiveSession): void
}

/**
 * What may come in without a segment's being finished: 60 Mb/s for all that a segment and its followers can take. A
 * segment is held in memory until it is whole, and one of an encoder whose clock stands still never would be.
 */
const MAX_UNFINISHED_BYTES = 64 * 1024 * 1024
/** Times that an encoder may change its parameters: each is a discontinuity (see MARKS_PER_EPOCH). */
const MAX_CHANGES = 999

/**
 * One publisher's session: messages in, its part of a broadcast's timeline out. It owns its packager, ladder, recorder
 * and numbers. The path from `take` to the timeline waits for nobody (MEDIA.md 20). Owner: the broadcast, which calls
 * `drain` once.
 */
export class LiveSession implements Publication {
  readonly epoch: number
  readonly #options: SessionOptions
  readonly #log: Logger
  readonly #sanitiser: Sanitiser
  readonly #health = new HealthMeter()
  readonly #recorder: Recorder | null
  readonly #sequences: Sequences
  #packager: Packager | null = null
  #ladder: Ladder | null = null
  #continuation: Continuation | null = null
  /** The broadcast has no place for its picture. */
  #soundOnly = false
  #receivedBytes = 0
  /** When the sample came in that is being packaged: the source's, or a rung's from its encoder. */
  #arrivedAtMs = 0
  /** `#receivedBytes` when a segment was finished last. */
  #finishedAtBytes = 0
  #changes = 0
  #closed = false
  /** Whatever its samples bring is nobody's any more. */
  #muted = false
  #packaged: Promise<void> = Promise.resolve()

  constructor(options: SessionOptions) {
    const { grant, api, metrics, broadcast } = options
    this.epoch = grant.epoch
    this.#options = options
    this.#log = options.log
    this.#sanitiser = new Sanitiser((event) => this.#onSanitised(event))
    this.#recorder = grant.archive ? this.#makeRecorder() : null
    this.#sequences = new Sequences({
      timelineId: grant.broadcastId,
      epoch: grant.epoch,
      firstSequence: grant.firstSequence,
      count: grant.sequenceCount,
      api,
      onFenced: () => broadcast.fenced(this),
      log: this.#log,
      metrics,
    })
    metrics.publishers(1)
    this.#log.info({ remoteAddress: options.encoder.remoteAddress }, 'An encoder was let in')
  }

  /** Resolves when all that its encoder sent is packaged, after its end. */
  get packaged(): Promise<void> {
    return this.#packaged
  }

  /** How long nothing has come from its encoder, be it there or not. */
  get silentMs(): number {
    return this.#options.encoder.silentMs()
  }

  get isLosing(): boolean {
    return this.#recorder?.isLosing ?? false
  }

  take(tag: FlvTag): void {
    this.#receivedBytes += tag.data.byteLength
    if (this.#receivedBytes - this.#finishedAtBytes > MAX_UNFINISHED_BYTES) {
      throw new PublishRefused(
        'NetStream.Publish.Failed',
        'The stream sends too much in too little of its time.',
      )
    }
    try {
      this.#arrivedAtMs = this.#options.nowMs()
      const event = sourceEventOf(tag, this.#arrivedAtMs)
      if (event) this.#sanitiser.push(event)
    } catch (error) {
      if (!(error instanceof UnsupportedCodecError)) throw error
      this.#health.notice(`unsupported-codec:${error.codecName}`, this.#arrivedAtMs)
      throw new PublishRefused('NetStream.Publish.Failed', error.message)
    }
  }

  close(reason: CloseReason): void {
    if (this.#closed) return
    this.#closed = true
    const { metrics, broadcast } = this.#options
    metrics.publishers(-1)
    this.#log.info({ reason, receivedBytes: this.#receivedBytes }, 'An encoder has gone')
    this.#packaged = this.#package()
    broadcast.closed(this, reason)
  }

  /** Ends the encoder's connection, if it is there, with words for whoever reads its log. */
  cut(words: string): void {
    this.#options.encoder.end('NetStream.Unpublish.Success', words)
    this.close('ended-here')
  }

  /** All that came is packaged at once; what an encoder of its ladder still has is left out. */
  finishNow(): void {
    this.#muted = true
    this.#finishMedia(() => this.#packager?.finish())
  }

  /** Numbers for which there will be no media: listed so in the recording, and more are reserved in time. */
  lose(renditionId: string, entries: readonly SegmentEntry[]): void {
    this.#recorder?.takeLost(renditionId, entries)
    this.#sequences.use((entries.at(-1)?.sequence ?? 0) + 1)
  }

  /**
   * Keeps what is left, after the end.
   * @param signal gives up
   * @throws the last failure when it gave up
   */
  async drain(signal: AbortSignal): Promise<void> {
    this.#sequences.close()
    await this.#packaged
    await this.#recorder?.drain(signal)
  }

  #onSanitised(event: SanitisedEvent): void {
    if (this.#muted) return
    this.#health.observe(event, this.#options.nowMs())
    if (event.type === 'tracks') {
      this.#begin(event)
      return
    }
    if (event.type === 'track-changed' && ++this.#changes === MAX_CHANGES) {
      this.cut('The encoder changes its settings again and again.')
    }
    if (this.#soundOnly && isOfPicture(event)) return
    this.#packager?.push(event)
    this.#ladder?.push(event)
  }

  #begin(tracks: Extract<SanitisedEvent, { type: 'tracks' }>): void {
    const { grant, makeLadder, nowMs, broadcast } = this.#options
    const before = broadcast.begin(this) ?? leftBy(grant)
    this.#soundOnly = before !== null && !before.slots.includes('source')
    const video = this.#soundOnly ? null : tracks.video
    const { audio } = tracks
    if (!video && !audio) {
      throw new PublishRefused(
        'NetStream.Publish.Failed',
        'The stream began with sound only, and now has none.',
      )
    }
    this.#ladder = makeLadder({
      mode: grant.ladder,
      video,
      ...(before && { slots: before.slots }),
      onEvent: (rungId, event) => {
        this.#arrivedAtMs = nowMs()
        this.#packager?.pushRung(rungId, event)
      },
      onLost: (rungId) => this.#packager?.dropRung(rungId),
      onWarning: (warning) => this.#health.notice(warning, nowMs()),
      log: this.#log,
    })
    const rungs = this.#ladder?.rungIds ?? []
    const comes = [...(video ? ['source'] : []), ...rungs, 'audio']
    this.#continuation = before && new Continuation(before, grant, comes, nowMs())
    this.#packager = new Packager(
      {
        epoch: grant.epoch,
        firstSequence: grant.firstSequence,
        partTargetMs: grant.partTargetMs,
        rungs,
        discontinuity: grant.epoch > 1,
        alwaysAudio: true,
        ...this.#continuation?.beginning,
      },
      (event) => this.#onPackaged(event),
    )
    broadcast.timeline.declare(comes, nowMs())
    this.#packager.push({ type: 'tracks', video, audio })
    this.#log.info({ video: video?.codecs, audio: audio?.codecs, rungs }, 'A stream is live')
  }

  #onPackaged(event: PackagerEvent): void {
    for (const each of this.#continuation?.spread(event) ?? [event]) this.#list(each)
    if (event.type !== 'segment') return
    this.#finishedAtBytes = this.#receivedBytes
    if (this.#packager) this.#sequences.use(this.#packager.nextSequence)
  }

  #list(event: PackagerEvent): void {
    this.#resume(event)
    this.#options.broadcast.gate.pass(event, this.#arrivedAtMs, this.#recorder?.take(event) ?? null)
  }

  /** Players keep what they have listed of earlier epochs, and see what was lost in between as gaps. */
  #resume(event: PackagerEvent): void {
    const resumed = this.#continuation?.take(event)
    if (!resumed || event.type === 'rendition') return
    const { renditionId, entries, lost } = resumed
    this.#options.broadcast.timeline.restore(renditionId, entries, event.epoch)
    this.#recorder?.takeLost(renditionId, lost)
  }

  async #package(): Promise<void> {
    this.#finishMedia(() => this.#sanitiser.finish())
    await this.#ladder?.finish()
    this.finishNow()
  }

  /** What an encoder sent last may be broken; the broadcast goes on or ends well all the same. */
  #finishMedia(finish: () => void): void {
    try {
      finish()
    } catch (error) {
      this.#log.error({ err: error }, "A stream's last samples could not be packaged")
    }
  }

  #makeRecorder(): Recorder {
    const { grant, recordings, broadcast } = this.#options
    return recordings.open({
      timelineId: grant.broadcastId,
      epoch: grant.epoch,
      onStored: (renditionId, epoch, sequence) => broadcast.timeline.markStored(renditionId, epoch, sequence),
      log: this.#log,
    })
  }

  /** How its stream is. @param uptimeMs of the broadcast */
  health(uptimeMs: number): NonNullable<StreamReport['health']> {
    const health = this.#health.read(this.#options.nowMs())
    return {
      ...health,
      videoBitrateBps: BigInt(health.videoBitrateBps),
      audioBitrateBps: BigInt(health.audioBitrateBps),
      bytesReceived: BigInt(this.#receivedBytes),
      uptimeMs: BigInt(uptimeMs),
      warnings: [...health.warnings, ...(this.#ladder?.warnings ?? []), ...(this.#recorder?.warnings ?? [])],
      rungs: [...(this.#ladder?.activeRungIds ?? [])],
    }
  }
}

function isOfPicture(event: SanitisedEvent): boolean {
  return (
    event.type === 'captions' ||
    (event.type === 'sample' && event.kind === 'video') ||
    (event.type === 'track-changed' && event.track.kind === 'video')
  )
}
