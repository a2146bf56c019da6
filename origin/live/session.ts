import { StreamState } from '@streamtube/contracts/gen/streamtube/v1/ingest_pb'
import type { Logger } from '../log.ts'
import { UnsupportedCodecError } from '../media/errors.ts'
import type { FlvTag } from '../media/flv/reader.ts'
import { sourceEventOf } from '../media/flv/source.ts'
import { LiveTimeline } from '../media/live-timeline.ts'
import { Packager, type PackagerEvent } from '../media/packager.ts'
import { type SanitisedEvent, Sanitiser } from '../media/sanitiser.ts'
import { type BroadcastEvent, type BroadcastState, nextBroadcastState } from './broadcast.ts'
import type { Grant } from './grant.ts'
import { HealthMeter } from './health.ts'
import type { IngestApi } from './ingest-api.ts'
import type { Ladder, LadderMaker } from './ladder.ts'
import type { LiveMetrics } from './metrics.ts'
import type { Recorder } from './recorder.ts'
import type { Recordings } from './recordings.ts'
import type { LiveRegistry } from './registry.ts'
import type { ReportHandle, StreamReport, StreamReports } from './reports.ts'
import { Resumption } from './resumption.ts'
import { type CloseReason, type Encoder, type Publication, PublishRefused } from './rtmp/desk.ts'
import { Sequences } from './sequences.ts'
import { SpoolGate } from './spool/gate.ts'

export interface SessionOptions {
  grant: Grant
  encoder: Encoder
  api: IngestApi
  recordings: Recordings
  /** Where edges reach this node. */
  nodeUrl: string
  makeLadder: LadderMaker
  registry: LiveRegistry
  reports: StreamReports
  metrics: LiveMetrics
  log: Logger
  nowMs(): number
  /** Everything of the session is done. */
  onEnded(): void
}

/** How long what is left may take to reach the store and the api once the encoder is gone. */
const DRAIN_MS = 10 * 60_000
/**
 * What may come in without a segment's being finished: 60 Mb/s for all that a segment and its followers can take. A
 * segment is held in memory until it is whole, and one of an encoder whose clock stands still never would be.
 */
const MAX_UNFINISHED_BYTES = 64 * 1024 * 1024
/** Discontinuities that an epoch may have: one where it begins and one for each change of the encoder's parameters. */
const MARKS_PER_EPOCH = 1000

/**
 * One publisher's session: messages in, a timeline that is served and recorded out. It owns its packager, timeline,
 * ladder and recorder. The path from `take` to the timeline waits for nobody (MEDIA.md 20).
 */
export class LiveSession implements Publication {
  readonly #options: SessionOptions
  readonly #log: Logger
  readonly #timeline: LiveTimeline
  readonly #gate = new SpoolGate({
    apply: (event, arrivedAtMs) => this.#timeline.apply(event, arrivedAtMs),
  })
  readonly #sanitiser: Sanitiser
  readonly #health = new HealthMeter()
  readonly #recorder: Recorder | null
  readonly #report: ReportHandle
  readonly #sequences: Sequences
  readonly #giveUp = new AbortController()
  #state: BroadcastState
  #packager: Packager | null = null
  #ladder: Ladder | null = null
  #resumption: Resumption | null = null
  #receivedBytes = 0
  /** When the sample came in that is being packaged: the source's, or a rung's from its encoder. */
  #arrivedAtMs = 0
  /** `#receivedBytes` when a segment was finished last. */
  #finishedAtBytes = 0
  #changes = 0
  #liveSinceMs: number | null = null
  #ending: Promise<void> | null = null

  constructor(options: SessionOptions) {
    const { grant, api, metrics, nowMs } = options
    this.#options = options
    this.#log = options.log.child({ broadcastId: grant.broadcastId, epoch: grant.epoch })
    this.#state = { name: 'offered', sinceMs: nowMs() }
    this.#timeline = new LiveTimeline({
      timelineId: grant.broadcastId,
      partTargetMs: grant.partTargetMs,
      // Where nothing is kept, how many marks earlier epochs had is known to nobody: each has its own numbers then.
      discontinuitySequence:
        grant.left?.discontinuitySequence ?? Math.max(0, (grant.epoch - 1) * MARKS_PER_EPOCH - 1),
    })
    this.#sanitiser = new Sanitiser((event) => this.#onSanitised(event))
    this.#recorder = grant.archive
      ? options.recordings.open({
          timelineId: grant.broadcastId,
          epoch: grant.epoch,
          onStored: (renditionId, epoch, sequence) => this.#timeline.markStored(renditionId, epoch, sequence),
          log: this.#log,
        })
      : null
    this.#sequences = new Sequences({
      timelineId: grant.broadcastId,
      epoch: grant.epoch,
      firstSequence: grant.firstSequence,
      count: grant.sequenceCount,
      api,
      onFenced: () => this.#cutEncoder('Another encoder has taken over this stream.'),
      log: this.#log,
      metrics,
    })
    metrics.publishers(1)
    this.#report = options.reports.add({
      read: () => this.#describe(),
      onEnd: (reason) => this.#cutEncoder(endText(reason)),
    })
    this.#log.info({ remoteAddress: options.encoder.remoteAddress }, 'An encoder was let in')
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
      throw new PublishRefused('NetStream.Publish.Failed', error.message)
    }
  }

  close(reason: CloseReason): void {
    this.#ending ??= this.#end(reason)
  }

  /** Resolves when the broadcast is kept and the api knows that it ended, or when `signal` gave up on that. */
  async ended(signal: AbortSignal): Promise<void> {
    const giveUp = () => this.#giveUp.abort()
    signal.addEventListener('abort', giveUp, { once: true })
    if (signal.aborted) giveUp()
    await this.#ending
    signal.removeEventListener('abort', giveUp)
  }

  #onSanitised(event: SanitisedEvent): void {
    this.#health.observe(event, this.#options.nowMs())
    if (event.type === 'tracks') this.#begin(event)
    if (event.type === 'track-changed' && ++this.#changes === MARKS_PER_EPOCH) {
      this.#cutEncoder('The encoder changes its settings again and again.')
    }
    this.#packager?.push(event)
    this.#ladder?.push(event)
  }

  #begin({ video, audio }: Extract<SanitisedEvent, { type: 'tracks' }>): void {
    const { grant, registry, makeLadder, nowMs } = this.#options
    this.#ladder = makeLadder({
      mode: grant.ladder,
      video,
      onEvent: (rungId, event) => {
        this.#arrivedAtMs = nowMs()
        this.#packager?.pushRung(rungId, event)
      },
      onLost: (rungId) => this.#packager?.dropRung(rungId),
      onWarning: (warning) => this.#health.notice(warning, nowMs()),
      log: this.#log,
    })
    const rungs = this.#ladder?.rungIds ?? []
    const { left } = grant
    this.#resumption = left && left.renditions.length > 0 ? new Resumption(left, grant, nowMs()) : null
    this.#packager = new Packager(
      {
        epoch: grant.epoch,
        firstSequence: this.#resumption?.firstSequence ?? grant.firstSequence,
        partTargetMs: grant.partTargetMs,
        rungs,
        notBeforeMs: this.#resumption?.notBeforeMs ?? 0,
        discontinuity: grant.epoch > 1,
        alwaysAudio: true,
      },
      (event) => this.#onPackaged(event),
    )
    this.#timeline.declare([...(video ? ['source'] : []), ...rungs, 'audio'], nowMs())
    registry.add(grant.broadcastId, this.#timeline)
    this.#liveSinceMs = nowMs()
    this.#move({ type: 'tracks' })
    this.#log.info({ video: video?.codecs, audio: audio?.codecs, rungs }, 'A stream is live')
  }

  #onPackaged(event: PackagerEvent): void {
    this.#resume(event)
    this.#gate.pass(event, this.#arrivedAtMs, this.#recorder?.take(event) ?? null)
    if (event.type !== 'segment') return
    this.#finishedAtBytes = this.#receivedBytes
    if (this.#packager) this.#sequences.use(this.#packager.nextSequence)
  }

  /** Players keep what they have listed of earlier epochs, and see what was lost in between as gaps. */
  #resume(event: PackagerEvent): void {
    const resumed = this.#resumption?.take(event)
    if (!resumed) return
    this.#timeline.restore(resumed.renditionId, resumed.entries, this.#options.grant.epoch)
    this.#recorder?.takeLost(resumed.renditionId, resumed.lost)
  }

  #move(event: BroadcastEvent): void {
    const before = this.#state
    this.#state = nextBroadcastState(before, event, this.#options.nowMs())
    if (this.#state !== before && this.#state.name !== 'ended') this.#report.changed()
  }

  #cutEncoder(reason: string): void {
    this.#options.encoder.end('NetStream.Unpublish.Success', reason)
  }

  async #end(reason: CloseReason): Promise<void> {
    const { metrics, registry, grant, nowMs } = this.#options
    metrics.publishers(-1)
    this.#move({ type: 'closed', reason })
    this.#log.info({ reason, receivedBytes: this.#receivedBytes }, 'An encoder has gone')
    this.#sequences.close()
    this.#report.stop()
    this.#finishMedia(() => this.#sanitiser.finish())
    await this.#ladder?.finish()
    this.#finishMedia(() => this.#packager?.finish())
    await this.#gate.settled()
    this.#timeline.end()
    registry.retire(grant.broadcastId, this.#timeline)
    const signal = AbortSignal.any([this.#giveUp.signal, AbortSignal.timeout(DRAIN_MS)])
    await this.#complete('The end of a broadcast could not be kept', () => this.#recorder?.drain(signal))
    await this.#complete('The api was not told that a broadcast ended', () => this.#report.finish(signal))
    const durationMs = this.#liveSinceMs === null ? 0 : nowMs() - this.#liveSinceMs
    this.#log.info({ durationMs, complete: !this.#recorder?.isLosing }, 'A broadcast has ended')
    this.#options.onEnded()
  }

  async #complete(message: string, step: () => Promise<void> | undefined): Promise<void> {
    try {
      await step()
    } catch (error) {
      this.#log.error({ err: error }, message)
    }
  }

  /** What an encoder sent last may be broken; the broadcast ends well all the same. */
  #finishMedia(finish: () => void): void {
    try {
      finish()
    } catch (error) {
      this.#log.error({ err: error }, "A stream's last samples could not be packaged")
    }
  }

  #describe(): StreamReport {
    const { grant, nodeUrl, nowMs } = this.#options
    const health = this.#health.read(nowMs())
    return {
      broadcastId: grant.broadcastId,
      epoch: grant.epoch,
      state: reportedState(this.#state),
      nodeUrl,
      health: {
        ...health,
        videoBitrateBps: BigInt(health.videoBitrateBps),
        audioBitrateBps: BigInt(health.audioBitrateBps),
        bytesReceived: BigInt(this.#receivedBytes),
        uptimeMs: BigInt(this.#liveSinceMs === null ? 0 : Math.max(0, nowMs() - this.#liveSinceMs)),
        warnings: [
          ...health.warnings,
          ...(this.#ladder?.warnings ?? []),
          ...(this.#recorder?.warnings ?? []),
        ],
        rungs: [...(this.#ladder?.activeRungIds ?? [])],
      },
    }
  }
}

function reportedState(state: BroadcastState): StreamState {
  switch (state.name) {
    case 'offered':
      return StreamState.OFFERED
    case 'live':
      return StreamState.LIVE
    case 'ended':
      return StreamState.ENDED
    default:
      return state satisfies never
  }
}

/** What the encoder's user reads, for the api's codes. */
function endText(reason: string): string {
  switch (reason) {
    case 'ended-by-creator':
      return 'The stream was ended on the web site.'
    case 'key-replaced':
      return 'The stream key was replaced by a new one.'
    case 'superseded':
      return 'Another encoder has taken over this stream.'
    default:
      return 'The stream was ended by the server.'
  }
}
