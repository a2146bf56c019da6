import { z } from 'zod'

/** RFC 9457 problem document. `type` is stable and documented; `detail` is for people. */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string().optional(),
    /** The fields at fault, for forms. */
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
    requestId: z.string().optional(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof problemSchema>

export const PROBLEM_CONTENT_TYPE = 'application/problem+json'

/** Stable `type` of a problem: `/problems/<code>`. */
export type ProblemCode =
  | 'invalid-request'
  | 'unauthenticated'
  | 'forbidden'
  | 'csrf'
  | 'not-found'
  | 'conflict'
  | 'handle-taken'
  | 'email-taken'
  | 'wrong-credentials'
  | 'too-many-attempts'
  | 'payload-too-large'
  | 'link-expired'
  | 'registration-closed'
  | 'not-live'
  | 'still-live'
  | 'unavailable'
  | 'internal'

/** Builds a problem document. */
export function problem(
  code: ProblemCode,
  status: number,
  title: string,
  more: Partial<Problem> = {},
): Problem {
  return { type: `/problems/${code}`, title, status, ...more }
}
