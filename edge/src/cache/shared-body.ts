/** The origin broke off or stalled in the middle of a body. */
export class BrokenBodyError extends Error {
  readonly code = 'broken-body'
  constructor(options?: ErrorOptions) {
    super('The origin did not send the whole object', options)
    this.name = 'BrokenBodyError'
  }
}

/** A reader took nothing for so long that its answer was given up. */
export class StalledReaderError extends Error {
  readonly code = 'stalled-reader'
  constructor() {
    super('The reader took nothing for too long')
    this.name = 'StalledReaderError'
  }
}

const CHUNK_BYTES = 64 * 1024
/** A reader that takes no chunk for so long is cut off: what it reads of may be long forgotten by all others. */
const STALLED_AFTER_MS = 30_000

/**
 * A body of known size that arrives once and is read by many, each at its own pace: a slow reader holds nobody up and
 * costs nothing more, since the bytes are held anyway.
 */
export class SharedBody {
  readonly sizeBytes: number
  /** Settles when the last byte is in. Rejects with BrokenBodyError. */
  readonly whole: Promise<Uint8Array<ArrayBuffer>>
  readonly #bytes: Uint8Array<ArrayBuffer>
  #filled = 0
  #error: BrokenBodyError | undefined
  #wake: (() => void)[] = []

  /**
   * @param onProgress called after each chunk, to put off the deadline of a stalled origin
   */
  constructor(body: ReadableStream<Uint8Array>, sizeBytes: number, onProgress: () => void) {
    this.sizeBytes = sizeBytes
    this.#bytes = new Uint8Array(sizeBytes)
    this.whole = this.#fill(body, onProgress)
    this.whole.catch(() => {})
  }

  /** All bytes, if they are in. */
  get bytes(): Uint8Array<ArrayBuffer> | undefined {
    return this.#filled === this.sizeBytes ? this.#bytes : undefined
  }

  /**
   * Reads from `start` up to and with `end` as the bytes come, at the reader's pace: a chunk is given when it is asked
   * for. Fails with StalledReaderError for a reader that stands still.
   */
  stream(start: number, end: number): ReadableStream<Uint8Array<ArrayBuffer>> {
    let position = start
    let stalled: ReturnType<typeof setTimeout> | undefined
    return new ReadableStream(
      {
        pull: async (controller) => {
          clearTimeout(stalled)
          if (position > end) return controller.close()
          while (this.#filled <= position && !this.#error) await this.#more()
          if (this.#filled <= position) return controller.error(this.#error)
          const stop = Math.min(this.#filled, end + 1, position + CHUNK_BYTES)
          controller.enqueue(this.#bytes.subarray(position, stop))
          position = stop
          stalled = setTimeout(() => controller.error(new StalledReaderError()), STALLED_AFTER_MS)
        },
        cancel: () => clearTimeout(stalled),
      },
      { highWaterMark: 0 },
    )
  }

  async #fill(body: ReadableStream<Uint8Array>, onProgress: () => void): Promise<Uint8Array<ArrayBuffer>> {
    try {
      for await (const chunk of chunksOf(body)) {
        if (this.#filled + chunk.byteLength > this.sizeBytes) throw new Error('more bytes than announced')
        this.#bytes.set(chunk, this.#filled)
        this.#filled += chunk.byteLength
        onProgress()
        this.#wakeAll()
      }
      if (this.#filled !== this.sizeBytes) throw new Error('fewer bytes than announced')
      return this.#bytes
    } catch (cause) {
      this.#error = new BrokenBodyError({ cause })
      throw this.#error
    } finally {
      this.#wakeAll()
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  #wakeAll(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }
}

/** The chunks of a stream; leaving early cancels it. */
export async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader()
  let done = false
  try {
    for (;;) {
      const next = await reader.read()
      if (next.done) {
        done = true
        return
      }
      yield next.value
    }
  } catch (error) {
    done = true
    throw error
  } finally {
    if (!done) await reader.cancel()
    reader.releaseLock()
  }
}
