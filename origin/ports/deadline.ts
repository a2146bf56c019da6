import { PortError, type PortName } from './error.ts'

/** What every call of every port takes. */
export interface CallOptions {
  /** The call fails with `timeout` after this. */
  timeoutMs?: number
  /** The call fails with `aborted` as soon as this is. */
  signal?: AbortSignal
}

/** Deadline of a call that names none. */
export const DEFAULT_TIMEOUT_MS = 10_000

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/**
 * Runs one call of a port with a deadline. `run` gets a signal that is aborted when the deadline passes or the caller
 * gives up; the call fails at that moment, whether `run` notices or not.
 * @param call named in the error
 * @throws PortError `timeout`, `aborted`, `invalid` (a timeout that isn't positive), or whatever `run` throws
 */
export async function withDeadline<T>(
  port: PortName,
  call: string,
  options: CallOptions,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  if (!(timeoutMs > 0 && timeoutMs <= LONGEST_TIMEOUT_MS)) {
    throw new PortError(port, 'invalid', `${call}: a timeout of ${timeoutMs} ms is no deadline`)
  }
  const outer = options.signal
  const aborted = () => new PortError(port, 'aborted', `${call} was given up`, outer?.reason)
  if (outer?.aborted) throw aborted()

  const inner = new AbortController()
  return await new Promise<T>((resolve, reject) => {
    const fail = (error: PortError) => {
      settle()
      inner.abort(error)
      reject(error)
    }
    const onAbort = () => fail(aborted())
    const timer = setTimeout(
      () => fail(new PortError(port, 'timeout', `${call} took longer than ${timeoutMs} ms`)),
      timeoutMs,
    )
    const settle = () => {
      clearTimeout(timer)
      outer?.removeEventListener('abort', onAbort)
    }
    outer?.addEventListener('abort', onAbort, { once: true })
    run(inner.signal).then(
      (value) => {
        settle()
        resolve(value)
      },
      (error: unknown) => {
        settle()
        reject(error)
      },
    )
  })
}
