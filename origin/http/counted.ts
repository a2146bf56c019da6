import type { Kv } from '../ports/kv/port.ts'
import { ApiError } from './errors.ts'

/** How often something may be done in a fixed window of time. */
export interface Allowance {
  limit: number
  windowMs: number
}

/** Counts one more. @throws ApiError 429 with Retry-After when that is more than allowed */
export async function countOrRefuse(kv: Kv, key: string, { limit, windowMs }: Allowance): Promise<void> {
  const { value, expiresInMs } = await kv.increment(key, { ttlMs: windowMs })
  if (value <= limit) return
  const seconds = Math.max(1, Math.ceil((expiresInMs ?? windowMs) / 1000))
  throw new ApiError(
    'too-many-attempts',
    429,
    'Too many attempts',
    { detail: `Try again in ${Math.ceil(seconds / 60)} min.` },
    { 'retry-after': String(seconds) },
  )
}
