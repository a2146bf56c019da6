import { withDeadline } from '../deadline.ts'
import { EventRejected } from './event.ts'
import type { Envelope, EventHandler } from './port.ts'

/** What became of one attempt at an event. */
export type Attempt =
  | { outcome: 'done' }
  /** Nobody's business. */
  | { outcome: 'skipped' }
  | { outcome: 'failed'; reason: string; error: unknown }
  /** No attempt can help. */
  | { outcome: 'rejected'; reason: string; error: unknown }

/**
 * Gives an event to the handler of its type and version. A type that is handled in other versions only is rejected, not
 * passed over: its sender runs ahead, and it can be replayed.
 * @param stop asks the handler to end; whatever it then makes of the event counts
 * @param abandon ends the wait for a handler that doesn't
 */
export async function attempt(
  event: Envelope,
  handlers: readonly EventHandler[],
  timeoutMs: number,
  { stop, abandon }: { stop: AbortSignal; abandon: AbortSignal },
): Promise<Attempt> {
  const ofType = handlers.filter((handler) => handler.event.type === event.type)
  const handler = ofType.find((one) => one.event.version === event.version)
  if (!handler) {
    if (ofType.length === 0) return { outcome: 'skipped' }
    return { outcome: 'rejected', reason: `version ${event.version} is not known here`, error: null }
  }
  try {
    await withDeadline('events', event.type, { timeoutMs, signal: abandon }, (late) =>
      handler.run(event, AbortSignal.any([late, stop])),
    )
    return { outcome: 'done' }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { outcome: error instanceof EventRejected ? 'rejected' : 'failed', reason, error }
  }
}
