import type { Logger } from '../log.ts'
import { findEncoderRows } from '../media/find-encoders.ts'
import { chooseRungs, type LadderMode } from '../media/ladder.ts'
import type { SanitisedEvent } from '../media/sanitiser.ts'
import type { SourceEvent, VideoTrack } from '../media/types.ts'
import { EncoderPool } from './encoder-pool.ts'
import type { HealthWarning } from './health.ts'
import { LadderAdmission } from './ladder-admission.ts'
import { LadderProcess } from './ladder-process.ts'
import { MachineLoad } from './machine-load.ts'
import type { LiveMetrics } from './metrics.ts'

/** A stream's lower rungs, while they are made. */
export interface Ladder {
  /** The rungs that the master lists, tallest first. */
  readonly rungIds: readonly string[]
  /** Those of them that are being made at present. */
  readonly activeRungIds: readonly string[]
  /** Why there are not more, for as long as it is so. */
  readonly warnings: readonly HealthWarning[]
  /** The source's samples; never waits, never throws. */
  push(event: SanitisedEvent): void
  /** End of the source: gives the encoder a moment for its last frames, then ends it. */
  finish(): Promise<void>
}

export interface LadderRequest {
  mode: LadderMode
  video: VideoTrack | null
  /** The only rungs that may be made, by id: the slots of a broadcast that goes on. Absent: all that fit. */
  slots?: readonly string[]
  /** What a rung's encoder gave, with the times that its input had. */
  onEvent(rungId: string, event: SourceEvent): void
  /** The rung's encoder died or is given up; if it comes again, it begins with a key frame. */
  onLost(rungId: string): void
  /** Something happened that the creator should see for a while. */
  onWarning(warning: HealthWarning): void
  log: Logger
}

/** Makes a stream's ladder; null where there is none to make. */
export type LadderMaker = (request: LadderRequest) => Ladder | null

export interface LadderParts {
  encoders: EncoderPool
  admission: LadderAdmission
  metrics: LiveMetrics
  /** Monotonic. */
  nowMs(): number
}

/** Makes ladders of these parts, which all streams of a node share. */
export function ladderMaker({ encoders, admission, metrics, nowMs }: LadderParts): LadderMaker {
  return (request) => {
    const { video, mode, slots } = request
    const rungs = video ? chooseRungs(video, slots) : []
    if (!video || mode === 'off' || rungs.length === 0) return null
    const seat = admission.enter(mode, { source: video, rungs, row: encoders.likely(rungs.length) })
    if (typeof seat === 'string') return sourceOnly(seat)
    return new LadderProcess({ ...request, video, rungs, encoders, seat, metrics, nowMs })
  }
}

export interface LaddersOptions {
  /** Encoding sessions that may be open at once on the graphics card. */
  cardSessionsMax: number
  metrics: LiveMetrics
  log: Logger
}

/** All that this node has for ladders. Its owner closes it. */
export function openLadders({ cardSessionsMax, metrics, log }: LaddersOptions): {
  make: LadderMaker
  close(): void
} {
  const stop = new AbortController()
  const nowMs = () => performance.now()
  const rows = findEncoderRows(stop.signal)
  rows.then(
    ([best]) => log.info({ encoder: best?.id }, 'Ladders have an encoder'),
    // Whoever makes a ladder sees the failure too; a node without ladders has no use for it.
    (error: unknown) => log.warn({ err: error }, 'No encoder was found: there will be no ladders'),
  )
  const machine = new MachineLoad()
  return {
    make: ladderMaker({
      encoders: new EncoderPool(rows, cardSessionsMax),
      admission: new LadderAdmission(machine, nowMs),
      metrics,
      nowMs,
    }),
    close() {
      stop.abort()
      machine.close()
    },
  }
}

/** In place of a ladder that would be wanted: none, and why. */
function sourceOnly(why: HealthWarning): Ladder {
  return { rungIds: [], activeRungIds: [], warnings: [why], push() {}, async finish() {} }
}
