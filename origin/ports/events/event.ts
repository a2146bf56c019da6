import type { Envelope, EventHandler, EventType } from './port.ts'

/** Thrown by a handler for an event that no further attempt could help. */
export class EventRejected extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, cause === undefined ? undefined : { cause })
    this.name = 'EventRejected'
  }
}

/** Declares a kind of event; the payload's type follows from its schema. */
export function defineEvent<Payload>(event: EventType<Payload>): EventType<Payload> {
  return event
}

/**
 * Makes an event.
 * @param about `key`: what must stay in order (a video's id); `id` and `timeMs` come from the caller's clock
 * @throws ZodError for a payload that isn't what the kind says
 */
export function makeEvent<Payload>(
  event: EventType<Payload>,
  about: { id: string; timeMs: number; key: string; traceId?: string | null; payload: Payload },
): Envelope<Payload> {
  return {
    id: about.id,
    topic: event.topic,
    type: event.type,
    version: event.version,
    timeMs: about.timeMs,
    key: about.key,
    traceId: about.traceId ?? null,
    payload: event.payload.parse(about.payload),
  }
}

/** Says what to do with one kind of event; `run` gets its payload parsed. */
export function onEvent<Payload>(
  event: EventType<Payload>,
  run: (payload: Payload, event: Envelope<Payload>, signal: AbortSignal) => Promise<void>,
): EventHandler {
  return {
    event,
    run: async (envelope, signal) => {
      const parsed = event.payload.safeParse(envelope.payload)
      if (!parsed.success)
        throw new EventRejected(`its payload does not parse: ${parsed.error.message}`, parsed.error)
      await run(parsed.data, { ...envelope, payload: parsed.data }, signal)
    },
  }
}
