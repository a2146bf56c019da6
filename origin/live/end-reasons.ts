import type { BroadcastEvent } from './broadcast.ts'
import type { CloseReason } from './rtmp/desk.ts'

/**
 * What the end of an encoder's connection means to its broadcast.
 * @param windowMs how long it waits for an encoder that went without a goodbye
 */
export function closingEvent(reason: CloseReason, windowMs: number): BroadcastEvent {
  switch (reason) {
    case 'finished':
    case 'refused':
    case 'ended-here':
      return { type: 'over', reason }
    case 'peer-closed':
    case 'idle':
    case 'establish-timeout':
    case 'protocol':
    case 'unread-answers':
    case 'socket-error':
    case 'shutdown':
      return { type: windowMs > 0 ? 'lost' : 'over', reason }
    default:
      return reason satisfies never
  }
}

/** What the encoder's user reads, for the api's codes. */
export function endWords(reason: string): string {
  switch (reason) {
    case 'ended-by-creator':
      return 'The stream was ended on the web site.'
    case 'key-replaced':
      return 'The stream key was replaced by a new one.'
    case 'superseded':
      return 'Another encoder has taken over this stream.'
    case 'banned':
      return 'This channel may not publish.'
    case 'window-over':
      return 'The stream was interrupted for too long.'
    default:
      return 'The stream was ended by the server.'
  }
}
