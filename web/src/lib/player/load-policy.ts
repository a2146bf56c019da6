import type { LoaderConfig, LoaderResponse, RetryConfig } from 'hls.js'

/** Retries that bridge half a minute without letting go of what is buffered. */
const playlistRetry: RetryConfig = {
  maxNumRetry: 10,
  retryDelayMs: 500,
  maxRetryDelayMs: 4_000,
  shouldRetry: mayRetry,
}
/** Sooner: a part that comes a second late is a stall. */
const mediaRetry: RetryConfig = {
  maxNumRetry: 12,
  retryDelayMs: 200,
  maxRetryDelayMs: 4_000,
  shouldRetry: mayRetry,
}
/** A request that nobody answers has waited long enough already. */
const atOnce: RetryConfig = { maxNumRetry: 4, retryDelayMs: 0, maxRetryDelayMs: 0 }

/** How long requests may take and how often they are made again, for hls.js. */
export const loadPolicies: Record<
  'manifestLoadPolicy' | 'playlistLoadPolicy' | 'fragLoadPolicy',
  { default: LoaderConfig }
> = {
  manifestLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 10_000,
      maxLoadTimeMs: 20_000,
      timeoutRetry: atOnce,
      // Soon after it fails, a new address is asked for instead: that says why.
      errorRetry: { ...playlistRetry, maxNumRetry: 1 },
    },
  },
  playlistLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 10_000,
      maxLoadTimeMs: 20_000,
      timeoutRetry: atOnce,
      errorRetry: playlistRetry,
    },
  },
  fragLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 10_000,
      maxLoadTimeMs: 60_000,
      timeoutRetry: atOnce,
      errorRetry: mediaRetry,
    },
  },
}

/**
 * Whether a failed request is made again. hls.js takes a reset connection (status 0) for a refusal by CORS unless the
 * browser is offline, and would give the quality up; here everything is of one origin, so it was the network.
 */
export function mayRetry(
  config: Pick<RetryConfig, 'maxNumRetry'> | null | undefined,
  count: number,
  isTimeout: boolean,
  response: Pick<LoaderResponse, 'code'> | undefined,
  wouldRetry: boolean,
): boolean {
  if (!config || count >= config.maxNumRetry) return false
  return wouldRetry || isTimeout || response?.code === 0 || response?.code === 429
}
