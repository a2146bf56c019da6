import { availableParallelism } from 'node:os'
import type { Logger } from '../log.ts'
import type { Encoder } from '../media/encoders.ts'
import { chooseRungs, type LadderMode, ladderWanted } from '../media/ladder.ts'
import type { SanitisedEvent } from '../media/sanitiser.ts'
import type { SourceEvent, VideoTrack } from '../media/types.ts'
import type { HealthWarning } from './health.ts'
import { LadderProcess } from './ladder-process.ts'
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

/**
 * Makes ladders on this machine.
 * @param encoder the encoder that works here
 */
export function ladderMaker(
  encoder: Promise<Encoder>,
  metrics: LiveMetrics,
  cores = availableParallelism(),
): LadderMaker {
  return (request) => {
    const { video, mode, slots } = request
    const rungs = video ? chooseRungs(video, slots) : []
    if (!video || mode === 'off' || rungs.length === 0) return null
    if (!ladderWanted(mode, cores)) return sourceOnly('ladder-off-machine')
    return new LadderProcess({ ...request, video, rungs, encoder, metrics })
  }
}

/** In place of a ladder that would be wanted: none, and why. */
function sourceOnly(why: HealthWarning): Ladder {
  return { rungIds: [], activeRungIds: [], warnings: [why], push() {}, async finish() {} }
}
