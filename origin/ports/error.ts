/** Which port failed. */
export type PortName = 'kv' | 'blobs' | 'events' | 'docs'

/**
 * Why a call to a port failed.
 * - `timeout`: its deadline passed; whether it took effect is unknown
 * - `aborted`: the caller's signal ended it
 * - `invalid`: the arguments can never work (a bad key, a negative limit)
 * - `conflict`: it contradicts what is stored (a counter that isn't a number)
 * - `too-large`: one item is over its limit
 * - `full`: the store is over its limit
 * - `closed`: the port was closed
 * - `corrupt`: what is stored can't be read
 * - `unavailable`: the engine behind it failed; trying again may help
 */
export type PortErrorCode =
  | 'timeout'
  | 'aborted'
  | 'invalid'
  | 'conflict'
  | 'too-large'
  | 'full'
  | 'closed'
  | 'corrupt'
  | 'unavailable'

/** What every adapter throws, whatever its engine threw (kept as `cause`). */
export class PortError extends Error {
  readonly port: PortName
  readonly code: PortErrorCode

  constructor(port: PortName, code: PortErrorCode, message: string, cause?: unknown) {
    super(`${port}: ${message}`, cause === undefined ? undefined : { cause })
    this.name = 'PortError'
    this.port = port
    this.code = code
  }

  /** True when the same call may work a little later. */
  get retryable(): boolean {
    return this.code === 'timeout' || this.code === 'unavailable' || this.code === 'full'
  }
}
