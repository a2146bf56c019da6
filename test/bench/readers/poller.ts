import { HttpConnection } from '../../support/http-connection.ts'
import { clockMs } from '../../support/stamps.ts'

export interface PolledFiles {
  playlist: string
  part: string
}

/** One viewer's one rendition of files: the playlist and then a part, as often as it is told to. */
export class Poller {
  readonly #files: PolledFiles
  readonly #connection: HttpConnection
  readonly #onPart: (lateMs: number) => void
  readonly #fail: (what: string) => void
  #busy = false

  /** @param onPart how long after being told the part was there, in ms */
  constructor(
    port: number,
    files: PolledFiles,
    onPart: (lateMs: number) => void,
    fail: (what: string) => void,
  ) {
    this.#files = files
    this.#onPart = onPart
    this.#fail = fail
    this.#connection = new HttpConnection(port, (error) => fail(error.message))
  }

  /** Begins; one that isn't done with the last time counts as infinitely late. */
  poll(): void {
    const startedAtMs = clockMs()
    if (this.#busy) {
      this.#onPart(Number.POSITIVE_INFINITY)
      return
    }
    this.#busy = true
    this.#connection.get(this.#files.playlist, false, ({ status }) => {
      if (status !== 200) return this.#fail(`a playlist: ${status}`)
      this.#connection.get(this.#files.part, false, (part) => {
        this.#busy = false
        if (part.status === 200) this.#onPart(part.atMs - startedAtMs)
        else this.#fail(`a part: ${part.status}`)
      })
    })
  }

  close(): void {
    this.#connection.close()
  }
}
