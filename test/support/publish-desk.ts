import {
  type CloseReason,
  type Encoder,
  type Publication,
  type PublishDesk,
  PublishRefused,
} from '../../origin/live/rtmp/desk.ts'
import type { FlvTag } from '../../origin/media/flv/reader.ts'

/** A stream that the test's desk let in. */
export class KeptPublication implements Publication {
  readonly key: string
  readonly encoder: Encoder
  readonly tags: FlvTag[] = []
  readonly closed: Promise<CloseReason>
  #close: (reason: CloseReason) => void = () => {}
  #wake: (() => void)[] = []

  constructor(key: string, encoder: Encoder) {
    this.key = key
    this.encoder = encoder
    this.closed = new Promise((resolve) => {
      this.#close = resolve
    })
  }

  take(tag: FlvTag): void {
    this.tags.push(tag)
    for (const wake of this.#wake.splice(0)) wake()
  }

  close(reason: CloseReason): void {
    this.#close(reason)
  }

  /** Resolves when so many messages have come. */
  async has(count: number): Promise<void> {
    while (this.tags.length < count) await new Promise<void>((resolve) => this.#wake.push(resolve))
  }
}

/** A desk that lets in every key but "bad", and keeps what is published. */
export class KeepingDesk implements PublishDesk {
  readonly publications: KeptPublication[] = []
  /** The next offers wait for this. */
  gate: Promise<void> = Promise.resolve()
  #wake: (() => void)[] = []

  async open(offer: { key: string }, encoder: Encoder): Promise<Publication> {
    await this.gate
    if (offer.key === 'bad')
      throw new PublishRefused('NetStream.Publish.BadName', 'The stream key is not valid.')
    const publication = new KeptPublication(offer.key, encoder)
    this.publications.push(publication)
    for (const wake of this.#wake.splice(0)) wake()
    return publication
  }

  /** The publication with this key, as soon as there is one. */
  async publication(key: string): Promise<KeptPublication> {
    for (;;) {
      const found = this.publications.findLast((each) => each.key === key)
      if (found) return found
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }
}
