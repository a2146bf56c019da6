import type { z } from 'zod'
import type { CallOptions } from '../deadline.ts'

/** Limits that every adapter keeps. */
export const EVENT_PAYLOAD_MAX_BYTES = 64 * 1024
export const EVENT_BATCH_MAX = 1000

/** One kind of event: where it goes and what it says. Changing `payload` in a way old readers can't take is a new version. */
export interface EventType<Payload = unknown> {
  /** E.g. "stream.events". */
  topic: string
  /** E.g. "stream.started". */
  type: string
  version: number
  payload: z.ZodType<Payload>
}

/** An event as it is stored and carried. */
export interface Envelope<Payload = unknown> {
  /** Unique; consumers know by it what they have seen. */
  id: string
  topic: string
  type: string
  version: number
  /** Milliseconds since the Unix epoch. */
  timeMs: number
  /** Events of one key arrive in the order in which they were appended. */
  key: string
  /** Of the request that caused it, for logs. */
  traceId: string | null
  payload: Payload
}

/** What a group does with one kind of event. It may see an event twice: doing it again must change nothing. */
export interface EventHandler {
  event: EventType
  /** Throwing asks for another attempt; an EventRejected makes it a dead letter at once. */
  run(event: Envelope, signal: AbortSignal): Promise<void>
}

export interface SubscribeOptions {
  topic: string
  /** Each group sees every event of the topic; its position is kept under this name. */
  group: string
  handlers: readonly EventHandler[]
  /** Where a group that never ran begins: with all that is kept (the default) or with what comes next. */
  from?: 'earliest' | 'latest'
  /** How often one event is tried before it becomes a dead letter; 5 unless told. */
  attempts?: number
  /** Deadline of one attempt; 30 s unless told. */
  handlerTimeoutMs?: number
}

export interface Subscription {
  /** Stops: waits for what is running (its signal is aborted), takes no more. */
  close(): Promise<void>
}

/**
 * What happened, told to whoever cares: at least once, in order per key. `Transaction` is the database's: the event
 * exists exactly when the change it tells of was committed. Events that no handler is for are passed over; one that
 * fails too often, or whose payload doesn't parse, is put aside as a dead letter with the reason and the rest goes on.
 * Errors: PortError.
 */
export interface Events<Transaction> {
  /** All of them or none, with the transaction. An id that is known is left as it was. */
  append(transaction: Transaction, events: readonly Envelope[], options?: CallOptions): Promise<void>
  /** Errors: `invalid`, also for a group that this process runs already on that topic. */
  subscribe(options: SubscribeOptions): Promise<Subscription>
  close(): Promise<void>
}
