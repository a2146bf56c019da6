/** What can be wrong with bytes or events that came from outside. Stable: log lines and RTMP statuses are made of them. */
export type MediaErrorCode =
  | 'flv-bad-header'
  | 'flv-bad-tag'
  | 'flv-tag-too-large'
  | 'avc-bad-config'
  | 'avc-bad-nal'
  | 'avc-bad-sps'
  | 'aac-bad-config'
  | 'unsupported-codec'

/** Thrown by every parser of this folder for input that isn't what it claims to be, and nothing else is thrown for it. */
export class MediaError extends Error {
  readonly code: MediaErrorCode

  constructor(code: MediaErrorCode, message: string) {
    super(message)
    this.name = 'MediaError'
    this.code = code
  }
}

/** A codec that is recognised but not accepted. */
export class UnsupportedCodecError extends MediaError {
  readonly kind: 'video' | 'audio'
  /** As people write it: "HEVC", "AV1", "Opus", ... */
  readonly codecName: string

  constructor(kind: 'video' | 'audio', codecName: string) {
    super('unsupported-codec', `${codecName} ${kind} is not supported: send H.264 video and AAC audio`)
    this.name = 'UnsupportedCodecError'
    this.kind = kind
    this.codecName = codecName
  }
}
