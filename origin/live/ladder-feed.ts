import { Readable } from 'node:stream'

type Chunks = readonly Uint8Array[]

/** How much may wait for the encoder before it is dropped (MEDIA.md 19). */
export const FEED_LIMIT_MS = 1_000

/**
 * ffmpeg's stdin: holds one second at most. When the encoder is further behind, what waits is dropped and the feed
 * begins again at the next key frame.
 */
export class LadderFeed extends Readable {
  readonly #onDropped: () => void
  #items: { dtsMs: number; chunks: Chunks }[] = []
  /** The track's configuration; it goes out before the first key frame and after each gap or change. */
  #config: Chunks
  #configured = false
  #running = false
  #wanted = false
  #ended = false

  /** @param fileHeader what ffmpeg reads first */
  constructor(fileHeader: Uint8Array, config: Chunks, onDropped: () => void) {
    super({ highWaterMark: 64 * 1024 })
    this.#config = config
    this.#onDropped = onDropped
    this.push(fileHeader)
  }

  /** Takes a sample's bytes, beginning with a key frame. */
  add(dtsMs: number, key: boolean, chunks: Chunks): void {
    const [oldest] = this.#items
    if (oldest && dtsMs - oldest.dtsMs > FEED_LIMIT_MS) {
      this.#items = []
      this.#running = false
      this.#configured = false
      this.#onDropped()
    }
    if (this.#ended || !(this.#running || key)) return
    this.#running = true
    this.#items.push({ dtsMs, chunks: this.#configured ? chunks : [...this.#config, ...chunks] })
    this.#configured = true
    this.#flow()
  }

  /** New configuration for the samples that follow. */
  change(config: Chunks): void {
    this.#config = config
    this.#configured = false
  }

  /** No more will come: what waits still goes out. */
  finish(): void {
    this.#ended = true
    this.#flow()
  }

  override _read(): void {
    this.#wanted = true
    this.#flow()
  }

  #flow(): void {
    while (this.#wanted) {
      const item = this.#items.shift()
      if (!item) {
        if (this.#ended) this.push(null)
        this.#wanted = !this.#ended
        return
      }
      for (const chunk of item.chunks) this.#wanted = this.push(chunk)
    }
  }
}
