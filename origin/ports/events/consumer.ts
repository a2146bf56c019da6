import type { Database } from '@streamtube/db/index.ts'
import { attempt } from './attempt.ts'
import {
  type GroupName,
  type GroupPosition,
  type PositionedEvent,
  readEvents,
  saveDeadLetter,
  savePosition,
} from './outbox-store.ts'
import type { EventHandler } from './port.ts'
import { Wake } from './wake.ts'

export interface ConsumerOptions {
  database: Database
  name: GroupName
  handlers: readonly EventHandler[]
  start: GroupPosition
  attempts: number
  handlerTimeoutMs: number
  /** Wait before the attempt that follows the n-th failure. */
  backOffMs: (failures: number) => number
  now: () => number
  /** An attempt failed, or the database did; both are tried again. */
  onError: (error: unknown, event: PositionedEvent['event'] | null) => void
  onDeadLetter: (event: PositionedEvent['event'], reason: string) => void
}

const BATCH = 100
/** When nobody rings: what another process wrote, or a ring that was lost. */
const IDLE_POLL_MS = 5000
const DATABASE_RETRY_MS = 1000
/** How long a handler may take to notice that it was told to stop. */
const CLOSE_GRACE_MS = 5000

/** One group's loop over one topic: one event at a time, in order; its position is saved per batch and failure. */
export class Consumer {
  readonly #options: ConsumerOptions
  readonly #wake = new Wake()
  readonly #stop = new AbortController()
  readonly #abandon = new AbortController()
  readonly #loop: Promise<void>
  #at: GroupPosition
  #savedPosition: number

  constructor(options: ConsumerOptions) {
    this.#options = options
    this.#at = options.start
    this.#savedPosition = options.start.position
    this.#loop = this.#run()
  }

  get position(): number {
    return this.#at.position
  }

  /** There may be something new. */
  ring(): void {
    this.#wake.ring()
  }

  /** Stops after the event under way, whose signal is aborted; one that is then done isn't told again. */
  async close(): Promise<void> {
    this.#stop.abort()
    const patience = setTimeout(() => this.#abandon.abort(), CLOSE_GRACE_MS)
    await this.#loop
    clearTimeout(patience)
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        const more = await this.#runBatch()
        if (!more) await this.#wake.wait(IDLE_POLL_MS, this.#stop.signal)
      } catch (error) {
        this.#options.onError(error, null)
        await this.#pause(DATABASE_RETRY_MS)
      }
    }
  }

  async #runBatch(): Promise<boolean> {
    const { database, name, now } = this.#options
    const batch = await readEvents(database, name.topic, this.#at.position, BATCH)
    try {
      for (const next of batch) {
        if (this.#stop.signal.aborted || !(await this.#settle(next))) break
      }
    } finally {
      if (this.#at.position !== this.#savedPosition) {
        await savePosition(database, name, this.#at, new Date(now()))
        this.#savedPosition = this.#at.position
      }
    }
    return batch.length === BATCH
  }

  /** Tries one event until it is done or put aside; false when it was stopped before that. */
  async #settle(next: PositionedEvent): Promise<boolean> {
    const { database, name, handlers, attempts, handlerTimeoutMs, backOffMs, now, onError, onDeadLetter } =
      this.#options
    for (;;) {
      const result = await attempt(next.event, handlers, handlerTimeoutMs, {
        stop: this.#stop.signal,
        abandon: this.#abandon.signal,
      })
      if (result.outcome === 'done' || result.outcome === 'skipped') {
        this.#at = { position: next.position, attempts: 0 }
        return true
      }
      if (this.#stop.signal.aborted) return false
      const failures = this.#at.attempts + 1
      if (result.outcome === 'rejected' || failures >= attempts) {
        await saveDeadLetter(
          database,
          name,
          { ...next, attempts: failures, reason: result.reason },
          new Date(now()),
        )
        this.#at = { position: next.position, attempts: 0 }
        this.#savedPosition = next.position
        onDeadLetter(next.event, result.reason)
        return true
      }
      this.#at = { ...this.#at, attempts: failures }
      await savePosition(database, name, this.#at, new Date(now()))
      this.#savedPosition = this.#at.position
      onError(result.error, next.event)
      await this.#pause(backOffMs(failures))
    }
  }

  #pause(ms: number): Promise<boolean> {
    return new Wake().wait(ms, this.#stop.signal)
  }
}
