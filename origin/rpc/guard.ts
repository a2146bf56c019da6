import { Code, ConnectError, type Interceptor } from '@connectrpc/connect'
import { ApiError } from '../http/errors.ts'
import { LibraryError, type LibraryErrorCode } from '../library/index.ts'
import type { Logger } from '../log.ts'
import type { Histogram, Metrics } from '../metrics.ts'
import { PortError } from '../ports/error.ts'
import { hasServiceToken } from './token.ts'

const CODES: Record<LibraryErrorCode, Code> = {
  'unknown-key': Code.Unauthenticated,
  banned: Code.PermissionDenied,
  'already-live': Code.AlreadyExists,
  'just-ended': Code.PermissionDenied,
  fenced: Code.FailedPrecondition,
  unknown: Code.NotFound,
  invalid: Code.InvalidArgument,
  'not-live': Code.FailedPrecondition,
  'not-playable': Code.PermissionDenied,
}

/** Times the calls that other roles make. */
export function callTimes(metrics: Metrics): Histogram {
  return metrics.histogram({
    name: 'rpc_call_seconds',
    help: 'Time that answering a call took, in seconds; waiting for a job counts',
    labelNames: ['method', 'code'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30],
  })
}

/** Refuses calls without the service token, and turns what the domains throw into gRPC codes. What is our fault is logged. */
export function guardCalls(deps: { serviceToken: string; log: Logger; calls: Histogram }): Interceptor {
  return (next) => async (request) => {
    const isHealth = request.service.typeName === 'grpc.health.v1.Health'
    if (!isHealth && !hasServiceToken(request.header.get('authorization'), deps.serviceToken)) {
      throw new ConnectError('the service token is missing or wrong', Code.PermissionDenied)
    }
    const startedAt = performance.now()
    const took = (code: string) =>
      deps.calls.observe({ method: request.method.name, code }, (performance.now() - startedAt) / 1000)
    try {
      const answer = await next(request)
      took('ok')
      return answer
    } catch (error) {
      const known = asConnectError(error)
      took(Code[known.code])
      if (known.code === Code.Internal || known.code === Code.Unknown) {
        deps.log.error({ err: error, method: request.method.name }, 'call failed')
      }
      throw known
    }
  }
}

function asConnectError(error: unknown): ConnectError {
  if (error instanceof ConnectError) return error
  if (error instanceof LibraryError) return new ConnectError(error.message, CODES[error.code])
  if (error instanceof ApiError) {
    return new ConnectError(error.message, error.status === 404 ? Code.NotFound : Code.FailedPrecondition)
  }
  if (error instanceof PortError && error.retryable) return new ConnectError(error.message, Code.Unavailable)
  return new ConnectError('internal error', Code.Internal)
}
