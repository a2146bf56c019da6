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
  readonly rungIds: readonly string[]
  /** The source's samples; never waits, never throws. */
  push(event: SanitisedEvent): void
  /** End of the source: gives the encoder a moment for its last frames, then ends it. */
  finish(): Promise<void>
}

export interface LadderRequest {
  mode: LadderMode
  video: VideoTrack | null
  /** What a rung's encoder gave, with the times that its input had. */
  onEvent(rungId: string, event: SourceEvent): void
  /** The rung's encoder died; a new one will begin with a key frame. */
  onLost(rungId: string): void
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
    const { video, mode } = request
    if (!video) return null
    const rungs = chooseRungs(video)
    if (!ladderWanted(mode, cores)) {
      if (mode === 'auto' && rungs.length > 0) request.onWarning('ladder-off-machine')
      return null
    }
    return rungs.length > 0 ? new LadderProcess({ ...request, video, rungs, encoder, metrics }) : null
  }
}
