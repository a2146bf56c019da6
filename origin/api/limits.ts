import type { MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { ApiEnv } from '../http/context.ts'
import { ApiError } from '../http/errors.ts'

/** No JSON of the API is larger. */
const MAX_BODY_BYTES = 64 * 1024

/** 413 for a larger body, declared or streamed. */
export function limitBody(): MiddlewareHandler<ApiEnv> {
  return bodyLimit({
    maxSize: MAX_BODY_BYTES,
    onError() {
      throw new ApiError('payload-too-large', 413, `The body is larger than ${MAX_BODY_BYTES / 1024} KiB`)
    },
  })
}

/** 503 when an answer takes longer; what runs on behind it has deadlines of its own. */
export function limitTime(deadlineMs: number): MiddlewareHandler<ApiEnv> {
  return async (_, next) => {
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(
      () => late.reject(new ApiError('unavailable', 503, 'This took too long', {}, { 'retry-after': '5' })),
      deadlineMs,
    )
    try {
      await Promise.race([next(), late.promise])
    } finally {
      clearTimeout(timer)
    }
  }
}
