import { PROBLEM_CONTENT_TYPE, problemSchema } from '@streamtube/contracts/api/problem.ts'
import type { z } from 'zod'

/** Marks a route that needs a signed-in person, for the OpenAPI document and the tests that read it. */
export const SIGNED_IN = [{ session: [] }]

/** A JSON body that must be there. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema) {
  return { required: true, content: { 'application/json': { schema } } }
}

/** A JSON answer. */
export function jsonAnswer<Schema extends z.ZodType>(description: string, schema: Schema) {
  return { description, content: { 'application/json': { schema } } }
}

const PROBLEM = { [PROBLEM_CONTENT_TYPE]: { schema: problemSchema } } as const

/** The problem documents (RFC 9457) a route may answer with, by status. */
export const problems = {
  400: { description: 'The request is not valid; `errors` names the fields', content: PROBLEM },
  401: { description: 'Not signed in, or wrong credentials', content: PROBLEM },
  403: { description: 'Not allowed', content: PROBLEM },
  404: { description: 'Not found', content: PROBLEM },
  409: { description: 'In conflict with what is there', content: PROBLEM },
  410: { description: 'The link was used or has expired', content: PROBLEM },
  429: { description: 'Too many attempts; `Retry-After` says when to try again', content: PROBLEM },
} as const

/** Picks the problem answers of a route. */
export function problemAnswers<Status extends keyof typeof problems>(
  ...statuses: Status[]
): Pick<typeof problems, Status> {
  return Object.fromEntries(statuses.map((status) => [status, problems[status]])) as Pick<
    typeof problems,
    Status
  >
}
