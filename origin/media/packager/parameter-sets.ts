import { parseAvcConfig } from '../h264/avcc.ts'
import { inspectAccessUnit } from '../h264/nal.ts'
import type { Sample, VideoTrack } from '../types.ts'

/**
 * Keeps a rendition playable after an encoder changed parameters that need no new header (picture parameter sets, and
 * those of a rung's encoder that was started again): they go in band, before every key frame that doesn't carry its own.
 */
export class InBandParameterSets {
  readonly #lengthSize: number
  readonly #sets: Uint8Array

  constructor(track: VideoTrack) {
    const config = parseAvcConfig(track.config)
    this.#lengthSize = config.lengthSize
    const sets = [...config.sps, ...config.pps]
    this.#sets = new Uint8Array(sets.reduce((sum, set) => sum + config.lengthSize + set.length, 0))
    let at = 0
    for (const set of sets) {
      for (let i = 1; i <= config.lengthSize; i++) {
        this.#sets[at++] = set.length >>> (8 * (config.lengthSize - i))
      }
      this.#sets.set(set, at)
      at += set.length
    }
  }

  /** The sample, with the parameter sets where it needs them. */
  addTo(sample: Sample): Sample {
    if (!sample.key || inspectAccessUnit(sample.data, this.#lengthSize).sps) return sample
    const data = new Uint8Array(this.#sets.length + sample.data.length)
    data.set(this.#sets)
    data.set(sample.data, this.#sets.length)
    return { ...sample, data }
  }
}
