import type { SegmentRecord } from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'
import type { Place } from './file.ts'

/** A segment that was given to the spool. Its owner acknowledges it once blobs and api have it, and then it may go. */
export class SpooledSegment {
  readonly record: SegmentRecord
  /** Settles when it is in the spool, or can't be: never fails. */
  readonly written: Promise<void>
  readonly #onAcknowledged: () => void
  #settle: () => void = () => {}
  #isPending = true
  #place: Place | null = null
  #isAcknowledged = false

  constructor(record: SegmentRecord, onAcknowledged: () => void) {
    this.record = record
    this.#onAcknowledged = onAcknowledged
    this.written = new Promise((resolve) => {
      this.#settle = resolve
    })
  }

  /** It is still being written. */
  get isPending(): boolean {
    return this.#isPending
  }

  /** Its bytes can be read: it was written, and not given up since. */
  get isKept(): boolean {
    return this.#place !== null && !this.#place.file.isGone
  }

  /** Told by its writer. @param place null: it could not be written */
  settle(place: Place | null): void {
    this.#isPending = false
    this.#place = place
    if (!this.#isAcknowledged) place?.file.retain()
    this.#settle()
  }

  /** Null when the bytes are gone, or are not what was written. @throws the system's error */
  async read(): Promise<Uint8Array | null> {
    return this.#place ? await this.#place.file.read(this.#place) : null
  }

  acknowledge(): void {
    if (this.#isAcknowledged) return
    this.#isAcknowledged = true
    this.#place?.file.acknowledge()
    this.#onAcknowledged()
  }
}
