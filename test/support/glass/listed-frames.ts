/** Counts the frames that a broadcast's low-latency playlist of video lists, from its first on. */
export class ListedFrames {
  readonly #frameRate: number
  /** Frames of each finished segment, by its media sequence number. */
  readonly #finished = new Map<number, number>()

  constructor(frameRate: number) {
    this.#frameRate = frameRate
  }

  /** Takes in a whole playlist (no delta update); each must overlap the one before. Answers the count. */
  count(playlist: string): number {
    let sequence = Number(/^#EXT-X-MEDIA-SEQUENCE:(\d+)$/m.exec(playlist)?.[1] ?? 0)
    let open = 0
    for (const [, part, segment] of playlist.matchAll(/^#EXT-X-PART:DURATION=([\d.]+)|^#EXTINF:([\d.]+)/gm)) {
      if (part !== undefined) open += this.#frames(part)
      if (segment === undefined) continue
      this.#finished.set(sequence++, this.#frames(segment))
      open = 0
    }
    return [...this.#finished.values()].reduce((sum, frames) => sum + frames, open)
  }

  #frames(seconds: string): number {
    return Math.round(Number(seconds) * this.#frameRate)
  }
}
