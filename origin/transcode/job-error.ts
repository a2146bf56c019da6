/** Why a job failed. `retryable`: another attempt may go better. */
export class JobError extends Error {
  readonly code:
    | 'not-live'
    | 'unreachable'
    | 'no-picture'
    | 'missing'
    | 'not-media'
    | 'unsupported'
    | 'too-large'
    | 'cancelled'
  readonly retryable: boolean

  constructor(code: JobError['code'], message: string, more: { retryable?: boolean; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'JobError'
    this.code = code
    this.retryable = more.retryable ?? false
  }
}
