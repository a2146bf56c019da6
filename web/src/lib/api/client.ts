import type { Problem, ProblemCode } from '@streamtube/contracts/api/problem.ts'
import createClient, { type Client } from 'openapi-fetch'
import type { paths } from './schema.d.ts'

export type Api = Client<paths>

/** An answer later than this counts as none. */
const DEADLINE_MS = 10_000

/**
 * The public API, typed by its own document.
 * @param fetcher a load function's `fetch`, so that the server's answers travel with the page; else the browser's
 * @param origin of the site; the API is on the same one
 */
export function createApi(fetcher: typeof fetch, origin: string): Api {
  return createClient<paths>({
    baseUrl: `${origin}/api/v1`,
    fetch: (request) => fetcher(request, { signal: AbortSignal.timeout(DEADLINE_MS) }),
  })
}

/** The API for what happens in the browser after a press or on a timer. */
export function browserApi(): Api {
  return createApi((request, init) => fetch(request, init), location.origin)
}

/** Why a call failed. `unreachable`: no answer came. */
export type FailureCode = ProblemCode | 'unreachable'

/** A call to the API that didn't succeed. */
export class ApiError extends Error {
  readonly code: FailureCode
  readonly status: number
  readonly problem: Problem | undefined

  constructor(code: FailureCode, status: number, problem?: Problem, cause?: unknown) {
    super(problem?.title ?? code, { cause })
    this.name = 'ApiError'
    this.code = code
    this.status = status
    this.problem = problem
  }

  /** What is wrong with a field of the form, if anything is. */
  field(name: string): string | undefined {
    return this.problem?.errors?.find((error) => error.field === name)?.message
  }
}

type Answer<Data> = { data?: Data; error?: unknown; response: Response }

/**
 * What a call answered.
 * @throws ApiError
 */
export async function answer<Data>(call: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await call.catch((cause: unknown) => {
    throw new ApiError('unreachable', 0, undefined, cause)
  })
  if (response.ok) return data as Data
  const problem = isProblem(error) ? error : undefined
  throw new ApiError(codeOf(problem, response.status), response.status, problem)
}

function isProblem(value: unknown): value is Problem {
  return (
    typeof value === 'object' && value !== null && 'type' in value && 'title' in value && 'status' in value
  )
}

function codeOf(problem: Problem | undefined, status: number): FailureCode {
  const named = problem?.type.split('/').at(-1)
  if (named) return named as ProblemCode
  if (status === 404) return 'not-found'
  return status >= 502 && status <= 504 ? 'unreachable' : 'internal'
}
