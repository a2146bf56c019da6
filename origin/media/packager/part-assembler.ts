import { writeFragment } from '../fmp4/fragment.ts'
import type { PartTargetMs, Sample } from '../types.ts'

/** A part without its place in a segment. */
export interface AssembledPart {
  dts: number
  /** As playlists list it: never above PART-TARGET. */
  duration: number
  independent: boolean
  data: Uint8Array
}

export interface PartAssemblerOptions {
  kind: 'video' | 'audio'
  timescale: number
  partTargetMs: PartTargetMs
  /** What every sample lasts, where that is known beforehand (audio), else null. */
  sampleDuration: number | null
}

/** So many equal deltas make the next one known (MEDIA.md 3). */
const DELTAS_TO_TRUST = 8

/**
 * Collects samples into parts (MEDIA.md 3 and 5). While the frames' distance is known, a part leaves with its last
 * sample; otherwise a sample waits for the next one, which tells how long it lasts.
 *
 * A frame that stands longer than PART-TARGET gets its true duration in the media, so that players see no hole, but a
 * part listed no longer than PART-TARGET; the segment's duration has the rest.
 */
export class PartAssembler {
  readonly #kind: 'video' | 'audio'
  readonly #target: number
  readonly #known: number | null
  /** Deltas closer than this are equal: a tenth of a millisecond. */
  readonly #tolerance: number
  readonly #onPart: (part: AssembledPart) => void
  #samples: Sample[] = []
  #durations: number[] = []
  #span = 0
  /** What the open part lasts before its first sample. */
  #before = 0
  #number = 0
  #last: Sample | null = null
  /** The last sample, while it isn't in the part yet because nobody knows how long it lasts. */
  #waiting: Sample | null = null
  #end = 0
  #delta = 0
  #equalDeltas = 0

  constructor(options: PartAssemblerOptions, onPart: (part: AssembledPart) => void) {
    this.#kind = options.kind
    this.#target = Math.floor((options.partTargetMs * options.timescale) / 1000)
    this.#known = options.sampleDuration
    this.#tolerance = options.timescale / 10_000
    this.#onPart = onPart
  }

  /** The duration that the next sample is expected to have, or 0 while that isn't known. */
  get expectedDuration(): number {
    return this.#known ?? (this.#equalDeltas >= DELTAS_TO_TRUST ? this.#delta : 0)
  }

  /** Where the last sample that was put into a part ends. */
  get end(): number {
    return this.#end
  }

  /** A segment begins: what lies before its first sample is that part's. */
  begin(dts: number): void {
    this.#end = dts
  }

  /** Samples come in decode order with ascending times. */
  push(sample: Sample): void {
    this.settle(sample.dts)
    if (this.#known !== null && sample.dts !== this.#end) this.#skip(sample.dts)
    const expected = this.expectedDuration
    this.#last = sample
    if (expected === 0) this.#waiting = sample
    else {
      this.#append(sample, expected)
      if (this.#span + expected > this.#target) this.#close()
    }
  }

  /** Tells when the track goes on: from this follows how long its last sample lasts. */
  settle(nextDts: number): void {
    const last = this.#last
    if (!last) return
    const delta = nextDts - last.dts
    this.#equalDeltas = Math.abs(delta - this.#delta) <= this.#tolerance ? this.#equalDeltas + 1 : 1
    this.#delta = delta
    this.#last = null
    if (this.#waiting) {
      this.#waiting = null
      this.#append(last, delta)
    } else if (this.#known === null && this.#samples.at(-1) === last) this.#correctLast(last, delta)
  }

  /** Ends the open part, and the wait of a sample whose duration will never be told. */
  flush(): void {
    if (this.#waiting) {
      const sample = this.#waiting
      this.#waiting = null
      this.#append(
        sample,
        this.#delta > 0 ? Math.min(this.#delta, this.#target) : Math.ceil(this.#target / 6),
      )
    }
    this.#last = null
    this.#close()
  }

  /** Sound went on a bit later than it ended: no part has a hole in it, but the next one counts it in. */
  #skip(dts: number): void {
    this.#close()
    this.#before = Math.min(Math.max(dts - this.#end, 0), this.#target)
  }

  /** The sample was put in with the duration it was expected to have, and the next one came at another time. */
  #correctLast(sample: Sample, duration: number): void {
    const expected = this.#durations.pop() ?? 0
    this.#samples.pop()
    this.#span -= expected
    this.#append(sample, duration)
  }

  #append(sample: Sample, duration: number): void {
    if (this.#samples.length > 0 && this.#span + duration > this.#target) this.#close()
    if (this.#samples.length === 0) this.#span = this.#before
    this.#samples.push(sample)
    this.#durations.push(duration)
    this.#span += duration
    this.#end = sample.dts + duration
  }

  #close(): void {
    const [first] = this.#samples
    if (!first) return
    const data = writeFragment({
      kind: this.#kind,
      number: ++this.#number,
      samples: this.#samples,
      durations: this.#durations,
    })
    const duration = Math.min(this.#span, this.#target)
    const dts = first.dts - this.#before
    this.#samples = []
    this.#durations = []
    this.#span = 0
    this.#before = 0
    this.#onPart({ dts, duration, independent: first.key, data })
  }
}
