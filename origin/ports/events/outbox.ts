import type { Database, Transaction } from '@streamtube/db/index.ts'
import { type CallOptions, withDeadline } from '../deadline.ts'
import { PortError } from '../error.ts'
import { checkEvents, checkSubscription } from './check.ts'
import { Consumer } from './consumer.ts'
import {
  deleteOldDeadLetters,
  deleteOldEvents,
  givePositions,
  insertEvents,
  openPosition,
} from './outbox-store.ts'
import type { Envelope, Events, SubscribeOptions, Subscription } from './port.ts'
import { Wake } from './wake.ts'

export interface OutboxEventsOptions {
  database: Database
  /** An attempt or the database failed; it is tried again. */
  onError?: (error: unknown, event: Envelope | null) => void
  onDeadLetter?: (event: Envelope, reason: string) => void
  /** How long events are kept that every group of this process has seen; 7 days unless told. */
  retentionMs?: number
  backOffMs?: (failures: number) => number
  now?: () => number
}

const DEFAULT_ATTEMPTS = 5
const DEFAULT_HANDLER_TIMEOUT_MS = 30_000
const RETENTION_MS = 7 * 86_400_000
const DEAD_LETTER_RETENTION_MS = 30 * 86_400_000
const RELAY_BATCH = 1000
/** After an append the relay looks at once and then less and less often: the transaction may still be running. */
const FIRST_LOOK_MS = 10
const LAST_LOOK_MS = 1000
const CLEAN_EVERY_MS = 600_000
const CLEAN_BATCH = 2000

/**
 * Opens events over the database's outbox table (`db:`): one process relays and runs every group. Whoever opened the
 * database closes it, after this.
 */
export function openOutboxEvents(options: OutboxEventsOptions): Events<Transaction> {
  return new OutboxEvents(options)
}

/** 0.2, 0.8, 3.2, 12.8 s: a database that restarts is back before an event is given up. */
function defaultBackOffMs(failures: number): number {
  return 50 * 4 ** failures
}

class OutboxEvents implements Events<Transaction> {
  readonly #options: Required<OutboxEventsOptions>
  readonly #consumers = new Map<string, { topic: string; consumer: Consumer }>()
  /** Groups that are being opened, so that none is opened twice. */
  readonly #names = new Set<string>()
  readonly #wake = new Wake()
  readonly #stop = new AbortController()
  readonly #relay: Promise<void>
  /** Not at once: the groups that hold old events back are yet to come. */
  #cleanedAtMs: number

  constructor(options: OutboxEventsOptions) {
    this.#options = {
      onError: () => {},
      onDeadLetter: () => {},
      retentionMs: RETENTION_MS,
      backOffMs: defaultBackOffMs,
      now: Date.now,
      ...options,
    }
    this.#cleanedAtMs = this.#options.now()
    this.#relay = this.#run()
  }

  append(transaction: Transaction, events: readonly Envelope[], options: CallOptions = {}): Promise<void> {
    return this.#call('append', options, async () => {
      checkEvents(events)
      await insertEvents(transaction, events)
      this.#wake.ring()
    })
  }

  async subscribe(options: SubscribeOptions): Promise<Subscription> {
    checkSubscription(options)
    const { topic, group, handlers } = options
    const id = `${topic} ${group}`
    if (this.#names.has(id)) {
      throw new PortError('events', 'invalid', `group ${group} consumes ${topic} already`)
    }
    this.#names.add(id)
    try {
      const { database, backOffMs, now, onError, onDeadLetter } = this.#options
      const start = await this.#call('subscribe', {}, () =>
        openPosition(database, { topic, group }, options.from ?? 'earliest', new Date(now())),
      )
      const consumer = new Consumer({
        database,
        name: { topic, group },
        handlers,
        start,
        attempts: options.attempts ?? DEFAULT_ATTEMPTS,
        handlerTimeoutMs: options.handlerTimeoutMs ?? DEFAULT_HANDLER_TIMEOUT_MS,
        backOffMs,
        now,
        onError,
        onDeadLetter,
      })
      this.#consumers.set(id, { topic, consumer })
      return {
        close: async () => {
          this.#consumers.delete(id)
          await consumer.close()
          this.#names.delete(id)
        },
      }
    } catch (error) {
      this.#names.delete(id)
      throw error
    }
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all([...this.#consumers.values()].map(({ consumer }) => consumer.close()))
    this.#consumers.clear()
    await this.#relay
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop
    let pauseMs = FIRST_LOOK_MS
    while (!signal.aborted) {
      const rung = await this.#wake.wait(pauseMs, signal)
      if (signal.aborted) return
      try {
        const topics = await givePositions(this.#options.database, RELAY_BATCH)
        for (const { topic, consumer } of this.#consumers.values())
          if (topics.includes(topic)) consumer.ring()
        pauseMs = rung || topics.length > 0 ? FIRST_LOOK_MS : Math.min(2 * pauseMs, LAST_LOOK_MS)
        await this.#clean()
      } catch (error) {
        this.#options.onError(error, null)
        pauseMs = LAST_LOOK_MS
      }
    }
  }

  async #clean(): Promise<void> {
    const { database, now, retentionMs } = this.#options
    if (now() - this.#cleanedAtMs < CLEAN_EVERY_MS) return
    const reached = new Map<string, number>()
    for (const { topic, consumer } of this.#consumers.values()) {
      reached.set(topic, Math.min(reached.get(topic) ?? Number.MAX_SAFE_INTEGER, consumer.position))
    }
    const more = await deleteOldEvents(database, new Date(now() - retentionMs), reached, CLEAN_BATCH)
    if (more) return
    await deleteOldDeadLetters(database, new Date(now() - DEAD_LETTER_RETENTION_MS))
    this.#cleanedAtMs = now()
  }

  #call<T>(name: string, options: CallOptions, run: () => Promise<T>): Promise<T> {
    return withDeadline('events', name, options, async () => {
      if (this.#stop.signal.aborted) throw new PortError('events', 'closed', `${name} after close`)
      try {
        return await run()
      } catch (error) {
        if (error instanceof PortError) throw error
        throw new PortError('events', 'unavailable', `${name} failed in the database`, error)
      }
    })
  }
}
