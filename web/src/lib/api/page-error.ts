import { error } from '@sveltejs/kit'
import { ApiError } from './client.ts'

/** Ends a page's load with the error page that fits; anything that isn't the API's answer goes on as it is. */
export function pageError(cause: unknown): unknown {
  if (!(cause instanceof ApiError)) return cause
  if (cause.status === 404 || cause.status === 400) error(404, 'not found', { code: 'not-found' })
  error(503, 'the api does not answer', { code: 'unavailable' })
}
