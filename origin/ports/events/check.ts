import { PortError } from '../error.ts'
import { toJson } from '../json.ts'
import { type Envelope, EVENT_BATCH_MAX, EVENT_PAYLOAD_MAX_BYTES, type SubscribeOptions } from './port.ts'

const NAME = /^[a-z][a-z0-9._-]{0,63}$/
const ID = /^[a-zA-Z0-9_-]{1,64}$/
const KEY = /^[\x21-\x7e]{1,128}$/
const TRACE_ID = /^[\x21-\x7e]{1,128}$/

function invalid(message: string): PortError {
  return new PortError('events', 'invalid', message)
}

/**
 * Checks events before they are stored.
 * @throws PortError `invalid`, `too-large`
 */
export function checkEvents(events: readonly Envelope[]): void {
  if (events.length > EVENT_BATCH_MAX)
    throw invalid(`${events.length} events in one call, ${EVENT_BATCH_MAX} at most`)
  for (const event of events) {
    if (!ID.test(event.id)) throw invalid(`${JSON.stringify(event.id.slice(0, 80))} is no event's id`)
    if (!NAME.test(event.topic) || !NAME.test(event.type))
      throw invalid(`${event.topic}/${event.type} is no name`)
    if (!Number.isInteger(event.version) || event.version < 1) throw invalid(`${event.version} is no version`)
    if (!KEY.test(event.key)) throw invalid(`${JSON.stringify(event.key.slice(0, 80))} is no key`)
    if (event.traceId !== null && !TRACE_ID.test(event.traceId)) throw invalid('that is no trace id')
    if (!Number.isInteger(event.timeMs) || event.timeMs < 0) throw invalid(`${event.timeMs} is no time`)
    toJson('events', event.payload, EVENT_PAYLOAD_MAX_BYTES)
  }
}

/** @throws PortError `invalid` */
export function checkSubscription({ topic, group, handlers, attempts = 1 }: SubscribeOptions): void {
  if (!NAME.test(topic) || !NAME.test(group))
    throw invalid(`${topic}/${group} is no name of a topic and group`)
  if (!Number.isInteger(attempts) || attempts < 1) throw invalid(`${attempts} attempts`)
  const seen = new Set<string>()
  for (const { event } of handlers) {
    const kind = `${event.type} v${event.version}`
    if (event.topic !== topic) throw invalid(`${kind} belongs to ${event.topic}, not ${topic}`)
    if (seen.has(kind)) throw invalid(`${kind} has two handlers`)
    seen.add(kind)
  }
}
