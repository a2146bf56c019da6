import { MediaError } from '../errors.ts'
import { parseAvcConfig } from '../h264/avcc.ts'
import { inspectAccessUnit } from '../h264/nal.ts'
import type { Sample, SourceEvent, VideoTrack } from '../types.ts'
import type { Follower } from './follower.ts'
import type { RungClock } from './rung-clock.ts'

/** A ladder's rung: an encoder's output becomes samples on the source's clock. The encoder may die and come again. */
export class Rung {
  readonly #clock: RungClock
  readonly #begin: (track: VideoTrack) => Follower
  #follower: Follower | null = null
  #track: VideoTrack | null = null
  #lengthSize = 4
  #playable = true
  #lastDts = Number.NEGATIVE_INFINITY
  /** True while the encoder is known to be gone. */
  dropped = false

  /** @param begin makes the follower when the encoder's first configuration is there */
  constructor(clock: RungClock, begin: (track: VideoTrack) => Follower) {
    this.#clock = clock
    this.#begin = begin
  }

  /** Null until the encoder has told its configuration. */
  get follower(): Follower | null {
    return this.#follower
  }

  push(event: SourceEvent): void {
    this.dropped = false
    if (event.type === 'track') {
      if (event.track.kind === 'video') this.#takeTrack(event.track)
      return
    }
    const sample = event.kind === 'video' ? this.#sampleOf(event) : null
    if (sample) this.#follower?.push(sample)
  }

  drop(): void {
    this.dropped = true
    this.#follower?.drop()
  }

  #takeTrack(track: VideoTrack): void {
    const config = parseAvcConfig(track.config)
    if (!this.#follower) {
      this.#follower = this.#begin(track)
      this.#lengthSize = config.lengthSize
    } else if (Buffer.compare(track.config, this.#track?.config ?? track.config) !== 0) {
      this.#playable = config.lengthSize === this.#lengthSize
      if (this.#playable) this.#follower.writer.useParameterSets(track)
    }
    this.#track = track
  }

  /** Null for what can't be used: an encoder of ours that sends such things is as good as silent. */
  #sampleOf(event: Extract<SourceEvent, { type: 'sample' }>): Sample | null {
    if (!this.#follower || !this.#playable) return null
    const pts = this.#clock.exact(event.ptsMs)
    const dts = event.dtsMs === event.ptsMs ? pts : this.#clock.exact(event.dtsMs)
    if (dts <= this.#lastDts) return null
    try {
      const unit = inspectAccessUnit(event.data, this.#lengthSize)
      if (!unit.picture) return null
      this.#lastDts = dts
      return { dts, pts, key: unit.key, data: event.data }
    } catch (error) {
      if (error instanceof MediaError) return null
      throw error
    }
  }
}
