import type { EncoderRow } from '../media/encoders.ts'
import { x264Row } from '../media/encoders.ts'

/** A way to encode, for one run of a ladder. */
export interface EncoderLease {
  row: EncoderRow
  /** Gives the card's sessions back; once. */
  release(): void
}

/** The encoders of a node: which rows work, and how many sessions its card still has. */
export class EncoderPool {
  readonly #rows: Promise<readonly EncoderRow[]>
  readonly #sessionsMax: number
  #known: readonly EncoderRow[] = [x264Row]
  #sessions = 0

  /**
   * @param rows those that work here, best first
   * @param sessionsMax encoding sessions that may be open on the card at once
   */
  constructor(rows: Promise<readonly EncoderRow[]>, sessionsMax: number) {
    this.#rows = rows
    this.#sessionsMax = sessionsMax
    rows.then(
      (known) => {
        this.#known = known
      },
      () => {},
    )
  }

  /** The row that a ladder of so many rungs would get now; x264 until it is known what works. */
  likely(rungs: number): EncoderRow {
    return this.#choose(this.#known, rungs)
  }

  /**
   * Takes the best row that has room.
   * @param onlyProcessor true for a stream whose card has failed
   * @throws what the search for rows failed with
   */
  async take(rungs: number, onlyProcessor: boolean): Promise<EncoderLease> {
    const rows = await this.#rows
    const row = onlyProcessor ? x264Row : this.#choose(rows, rungs)
    const sessions = row.cardSessions * rungs
    this.#sessions += sessions
    let held = true
    return {
      row,
      release: () => {
        if (held) this.#sessions -= sessions
        held = false
      },
    }
  }

  #choose(rows: readonly EncoderRow[], rungs: number): EncoderRow {
    const free = this.#sessionsMax - this.#sessions
    return rows.find((row) => row.cardSessions * rungs <= free) ?? x264Row
  }
}
