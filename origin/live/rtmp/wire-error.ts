export type WireErrorCode =
  | 'not-rtmp'
  | 'chunk-streams'
  | 'chunk-size'
  | 'chunk-header'
  | 'message-size'
  | 'buffered'
  | 'malformed'

/** The peer broke the protocol or a limit: its connection must end. */
export class WireError extends Error {
  readonly code: WireErrorCode
  constructor(code: WireErrorCode, message: string) {
    super(message)
    this.name = 'WireError'
    this.code = code
  }
}
