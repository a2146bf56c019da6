type Kind = 'video' | 'audio'

/** Steps of a track's time stamps that are taken as they are. */
const MAX_STEP_MS = 1000
const MAX_BACK_MS = 100
/** A gap that real time explains stays a gap up to this length. */
const MAX_GAP_MS = 30_000
/** Two tracks whose first stamps are farther apart than this have nothing to do with each other. */
const MAX_SKEW_MS = 3000
const WRAP = 2 ** 32

interface TrackClock {
  /** The last stamp as it came, and without wraps. */
  raw: number
  unwrapped: number
  /** Added to unwrapped stamps: where the track began, and the sum of the jumps that were taken out. */
  base: number
  shift: number
  jumps: number
  outMs: number
  stepMs: number
}

/**
 * Makes one steady clock of a source's time stamps (MEDIA.md 2): starts at 0 with the first sample, undoes the 32-bit
 * wrap, and takes out jumps in such a way that video and audio stay together. A gap for which as much real time went by
 * is no jump. Answers may step back by up to 100 ms; what follows (grid, counter) keeps times ascending.
 */
export class SourceClock {
  readonly #tracks: { video: TrackClock | null; audio: TrackClock | null } = { video: null, audio: null }
  #firstArrivalMs = 0
  /** How far media time was ahead of real time at most: a live source can't get much further. */
  #leadMs = 0

  /** Jumps taken out so far, for a warning. */
  jumps = 0

  /**
   * @param stampMs the source's decode time; any number, 32 bits or more
   * @param arrivedAtMs monotonic, any origin
   * @returns milliseconds on the steady clock
   */
  map(kind: Kind, stampMs: number, arrivedAtMs: number): number {
    const track = this.#tracks[kind]
    if (!track) return this.#begin(kind, stampMs, arrivedAtMs)
    const step = wrapped(stampMs - track.raw)
    track.raw = stampMs
    track.unwrapped += step
    const kept = track.outMs + step
    const other = this.#tracks[kind === 'video' ? 'audio' : 'video']
    // A picture that stood still comes back where the sound is.
    const rejoins = step > 0 && other !== null && Math.abs(kept - other.outMs) <= MAX_STEP_MS
    if (rejoins || this.#plausible(step, kept, arrivedAtMs)) {
      if (step > 0 && step <= MAX_STEP_MS) track.stepMs = step
    } else this.#takeOut(track, other)
    track.outMs = track.unwrapped + track.base + track.shift
    this.#leadMs = Math.max(this.#leadMs, this.#leadAt(track.outMs, arrivedAtMs))
    return track.outMs
  }

  #begin(kind: Kind, stampMs: number, arrivedAtMs: number): number {
    const other = this.#tracks[kind === 'video' ? 'audio' : 'video']
    const track = {
      raw: stampMs,
      unwrapped: stampMs,
      base: -stampMs,
      shift: 0,
      jumps: 0,
      outMs: 0,
      stepMs: 20,
    }
    if (!other) this.#firstArrivalMs = arrivedAtMs
    else {
      const skew = wrapped(stampMs - other.raw)
      const together = Math.abs(skew) <= MAX_SKEW_MS
      if (together) {
        track.unwrapped = other.unwrapped + skew
        track.base = other.base
      } else track.base = other.unwrapped + other.base - stampMs
      track.shift = other.shift
      track.jumps = other.jumps
    }
    track.outMs = track.unwrapped + track.base + track.shift
    this.#tracks[kind] = track
    return track.outMs
  }

  #leadAt(outMs: number, arrivedAtMs: number): number {
    return outMs - (arrivedAtMs - this.#firstArrivalMs)
  }

  #plausible(step: number, outMs: number, arrivedAtMs: number): boolean {
    if (step < -MAX_BACK_MS || step > MAX_GAP_MS) return false
    return step <= MAX_STEP_MS || this.#leadAt(outMs, arrivedAtMs) <= this.#leadMs + MAX_STEP_MS
  }

  /** The other track may have jumped already: then the same shift keeps them together. Else go on one step after the last. */
  #takeOut(track: TrackClock, other: TrackClock | null): void {
    if (other && other.jumps > track.jumps) {
      const step = track.unwrapped + track.base + other.shift - track.outMs
      if (step >= -MAX_STEP_MS && step <= MAX_STEP_MS) {
        track.shift = other.shift
        track.jumps = other.jumps
        return
      }
    }
    track.shift = track.outMs + track.stepMs - track.unwrapped - track.base
    track.jumps = Math.max(track.jumps, other?.jumps ?? 0) + 1
    this.jumps++
  }
}

/** The shorter way round a 32-bit clock. */
function wrapped(difference: number): number {
  if (difference > WRAP / 2) return difference - WRAP
  return difference < -WRAP / 2 ? difference + WRAP : difference
}
