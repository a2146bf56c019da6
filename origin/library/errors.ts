/**
 * Why the library refuses.
 * - `unknown-key`: nobody has this stream key
 * - `banned`: the key's channel may not publish
 * - `already-live`: another publisher with this key is alive
 * - `just-ended`: the creator ended the stream a moment ago; an encoder's automatic reconnect doesn't start it again
 * - `fenced`: a newer publisher session (epoch) has taken over, or the numbers are another session's
 * - `unknown`: there is no such broadcast, timeline, video or job
 * - `invalid`: the request contradicts itself or the addresses' grammar
 * - `not-live`: the stream that is asked for live is over
 * - `not-playable`: it is there, but can't be played this way now
 */
export type LibraryErrorCode =
  | 'unknown-key'
  | 'banned'
  | 'already-live'
  | 'just-ended'
  | 'fenced'
  | 'unknown'
  | 'invalid'
  | 'not-live'
  | 'not-playable'

/** What the library's operations throw when they refuse. */
export class LibraryError extends Error {
  readonly code: LibraryErrorCode

  constructor(code: LibraryErrorCode, message: string) {
    super(message)
    this.name = 'LibraryError'
    this.code = code
  }
}
