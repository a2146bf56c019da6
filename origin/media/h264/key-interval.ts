/** Measures the distance between key frames, for the creator's health page. */
export class KeyFrameInterval {
  #lastTicks: number | null = null
  #intervalTicks: number | null = null

  /** @param dts in 90 kHz */
  key(dts: number): void {
    if (this.#lastTicks !== null && dts > this.#lastTicks) this.#intervalTicks = dts - this.#lastTicks
    this.#lastTicks = dts
  }

  /** The distance of the last two key frames, or null until two were seen. */
  get intervalMs(): number | null {
    return this.#intervalTicks === null ? null : this.#intervalTicks / 90
  }
}
