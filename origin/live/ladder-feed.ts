import { Readable } from 'node:stream'

type Chunks = readonly Uint8Array[]

interface Item {
  dtsMs: number
  key: boolean
  chunks: Chunks
  /** What it was encoded with. */
  config: Chunks
}

/** How much may wait for the encoder before it is dropped (MEDIA.md 19). */
export const FEED_LIMIT_MS = 1_000

/**
 * ffmpeg's stdin: holds one second at most. When the encoder is further behind, what waits is dropped and the feed
 * begins again at the newest key frame, which may still come.
 */
export class LadderFeed extends Readable {
  readonly #onDropped: () => void
  #items: Item[] = []
  #config: Chunks
  /** The configuration that ffmpeg read last; null: it must be told before the next sample. */
  #told: Chunks | null = null
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

  /** Takes a sample's bytes, beginning with a key frame. @returns false for one that is left out */
  add(dtsMs: number, key: boolean, chunks: Chunks): boolean {
    const [oldest] = this.#items
    if (oldest && dtsMs - oldest.dtsMs > FEED_LIMIT_MS) this.#drop()
    if (this.#ended || !(this.#running || key)) return false
    this.#running = true
    this.#items.push({ dtsMs, key, chunks, config: this.#config })
    this.#flow()
    return true
  }

  /** New configuration for the samples that follow. */
  change(config: Chunks): void {
    this.#config = config
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

  #drop(): void {
    const key = this.#items.findLastIndex((item, index) => item.key && index > 0)
    this.#items = key > 0 ? this.#items.slice(key) : []
    this.#running = key > 0
    this.#told = null
    this.#onDropped()
  }

  #flow(): void {
    while (this.#wanted) {
      const item = this.#items.shift()
      if (!item) {
        if (this.#ended) this.push(null)
        this.#wanted = !this.#ended
        return
      }
      const config = item.config === this.#told ? [] : item.config
      this.#told = item.config
      for (const chunk of [...config, ...item.chunks]) this.#wanted = this.push(chunk)
    }
  }
}
