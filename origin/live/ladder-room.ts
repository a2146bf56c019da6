import type { EncoderRow } from '../media/encoders.ts'
import { LADDER_MIN_CORES, type LadderMode, type LadderSource, type Rung } from '../media/ladder.ts'
import type { LadderWarning } from './health.ts'

/** What a ladder costs: megapixels a second that are encoded, and a tenth of those that are decoded. */
export function ladderWork(source: LadderSource, rungs: readonly Rung[], row: EncoderRow): number {
  const frameRate = source.frameRate ?? ASSUMED_FRAME_RATE
  const encoded = rungs.reduce((pixels, rung) => pixels + rung.width * rung.height, 0)
  const { decodes, encodes } = row.processor
  const pixels = (encodes ? encoded : 0) + (decodes ? source.width * source.height * DECODING_SHARE : 0)
  return (pixels * frameRate) / 1e6
}

const ASSUMED_FRAME_RATE = 30
/** Measured: 720p30 decoded takes a seventh of what its three rungs take to encode. */
const DECODING_SHARE = 0.1

/** Cores that a unit of work takes, until it was measured: 0.024 for plain pictures, 0.05 for hard ones on slow cores. */
export const ASSUMED_CORES_PER_WORK = 0.035
/** What is left for taking streams in and serving them. */
const RESERVED_CORES = 1
/** A ladder that was below real time so lately shows that the machine can do no more. */
const SHORT_FOR_MS = 60_000

/** A ladder that runs. */
export interface RunningLadder {
  /** Measured; estimated until then. */
  cores: number
  measured: boolean
  /** When its encoder was below real time last; null: never. */
  shortAtMs: number | null
}

/** The machine as it is. */
export interface Room {
  cores: number
  /** Cores busy with whatever runs here; null where that can't be told. */
  busyCores: number | null
  ladders: readonly RunningLadder[]
}

/** Whether so many more cores are free, as far as measured. */
export function hasRoom(neededCores: number, room: Room, nowMs: number): boolean {
  return neededCores <= freeCores(room) && !isShort(room, nowMs)
}

/**
 * Decides on a new stream's ladder: null lets it in. A channel that insists (`on`) is let in on a small machine and on an
 * estimate, but not where it is seen that others can't keep real time.
 */
export function judgeLadder(
  mode: Exclude<LadderMode, 'off'>,
  neededCores: number,
  room: Room,
  nowMs: number,
): LadderWarning | null {
  if (mode === 'on') return isShort(room, nowMs) ? 'ladder-no-room' : null
  const most = room.cores - RESERVED_CORES
  if (room.cores < LADDER_MIN_CORES || neededCores > most) return 'ladder-off-machine'
  return hasRoom(neededCores, room, nowMs) ? null : 'ladder-no-room'
}

/** What was let in just now isn't seen in the machine's load yet. */
function freeCores({ cores, busyCores, ladders }: Room): number {
  const sum = (those: readonly RunningLadder[]) => those.reduce((all, ladder) => all + ladder.cores, 0)
  const unseen = sum(ladders.filter((ladder) => !ladder.measured))
  return cores - RESERVED_CORES - Math.max(sum(ladders), (busyCores ?? 0) + unseen)
}

function isShort({ ladders }: Room, nowMs: number): boolean {
  return ladders.some(({ shortAtMs }) => shortAtMs !== null && nowMs - shortAtMs < SHORT_FOR_MS)
}
