import { type Problem, type ProblemCode, problem } from '@streamtube/contracts/api/problem.ts'

/** What a handler throws to answer with a problem document (RFC 9457). Its `detail` is shown to people. */
export class ApiError extends Error {
  readonly code: ProblemCode
  readonly status: number
  readonly title: string
  readonly more: Partial<Problem>
  readonly headers: Record<string, string>

  constructor(
    code: ProblemCode,
    status: number,
    title: string,
    more: Partial<Problem> = {},
    headers: Record<string, string> = {},
  ) {
    super(more.detail ?? title)
    this.name = 'ApiError'
    this.code = code
    this.status = status
    this.title = title
    this.more = more
    this.headers = headers
  }

  toProblem(requestId: string): Problem {
    return problem(this.code, this.status, this.title, { ...this.more, requestId })
  }
}

/** 404. `what` is the noun that wasn't found, e.g. "video". */
export function notFound(what: string): ApiError {
  return new ApiError('not-found', 404, `There is no such ${what}`)
}

/** 401: the route needs a signed-in person. */
export function unauthenticated(): ApiError {
  return new ApiError('unauthenticated', 401, 'Sign in first')
}

/** 403: signed in, but this belongs to someone else. */
export function forbidden(detail: string): ApiError {
  return new ApiError('forbidden', 403, 'This is not yours to change', { detail })
}

/** 400 with the fields at fault. */
export function invalidFields(errors: { field: string; message: string }[]): ApiError {
  return new ApiError('invalid-request', 400, 'The request is not valid', {
    detail: errors.map((error) => `${error.field}: ${error.message}`).join('; '),
    errors,
  })
}
