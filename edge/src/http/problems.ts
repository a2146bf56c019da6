import {
  PROBLEM_CONTENT_TYPE,
  type Problem,
  type ProblemCode,
  problem,
} from '@streamtube/contracts/api/problem.ts'

const titles = {
  'invalid-request': 'The request is not well formed',
  unauthenticated: 'Sign in first',
  forbidden: 'Not allowed',
  csrf: 'The request comes from another site',
  'not-found': 'Not found',
  conflict: 'Conflict',
  'not-live': 'Not live',
  'payload-too-large': 'The request is too large',
  unavailable: 'Not available right now',
  internal: 'Something went wrong here',
} as const satisfies Partial<Record<ProblemCode, string>>

/** Codes of the problems that the edge itself answers. */
export type EdgeProblemCode = keyof typeof titles

/** An RFC 9457 problem document as an answer. Never kept by a cache. */
export function problemResponse(
  code: EdgeProblemCode,
  status: number,
  more: Partial<Problem> = {},
  headers: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify(problem(code, status, titles[code], more)), {
    status,
    headers: { 'content-type': PROBLEM_CONTENT_TYPE, 'cache-control': 'no-store', ...headers },
  })
}
