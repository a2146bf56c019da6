import type { Hook } from '@hono/zod-openapi'
import { PROBLEM_CONTENT_TYPE, type Problem } from '@streamtube/contracts/api/problem.ts'
import { HTTPException } from 'hono/http-exception'
import type { ZodError } from 'zod'
import type { ApiApp, ApiContext, ApiEnv } from '../http/context.ts'
import { ApiError, invalidFields, notFound } from '../http/errors.ts'
import type { Logger } from '../log.ts'
import { PortError } from '../ports/error.ts'

/** Turns everything that goes wrong into a problem document (RFC 9457). What isn't the client's fault is logged. */
export function answerProblems(app: ApiApp, log: Logger): void {
  app.notFound((c) => answer(c, notFound('page')))
  app.onError((error, c) => {
    const known = asApiError(error)
    if (known.status >= 500) {
      log.error(
        { err: error, requestId: c.get('requestId'), method: c.req.method, path: c.req.path },
        'request failed',
      )
    }
    return answer(c, known)
  })
}

/** What a route's schemas refused, field by field. */
export const refuseInvalid: Hook<unknown, ApiEnv, string, unknown> = (result) => {
  if (!result.success) throw invalidFields(fieldErrors(result.error))
}

/** A validation error's fields, `a.b` for nested ones. */
function fieldErrors(error: ZodError): { field: string; message: string }[] {
  return error.issues.flatMap((issue) => {
    const at = issue.path.map(String)
    const inner = issue.code === 'unrecognized_keys' ? issue.keys : [null]
    return inner.map((key) => ({
      field: [...at, ...(key === null ? [] : [key])].join('.') || 'body',
      message: / received undefined$/.test(issue.message) ? 'is required' : issue.message,
    }))
  })
}

function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof HTTPException && error.status === 400) {
    return invalidFields([{ field: 'body', message: 'must be JSON' }])
  }
  if (error instanceof PortError && error.retryable) {
    return new ApiError('unavailable', 503, 'Try again in a moment', {}, { 'retry-after': '2' })
  }
  return new ApiError('internal', 500, 'Something went wrong here', {
    detail: 'The fault is ours. The request id finds it in the log.',
  })
}

function answer(c: ApiContext, error: ApiError): Response {
  const body: Problem = error.toProblem(c.get('requestId'))
  return c.body(JSON.stringify(body), error.status as 400, {
    'content-type': PROBLEM_CONTENT_TYPE,
    'cache-control': 'no-store',
    ...error.headers,
  })
}
