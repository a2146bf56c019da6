import { z } from 'zod'
import { DEFAULT_LIMITS, type EdgeConfig } from './env.ts'
import { type AddressRange, parseRange } from './http/addresses.ts'
import { isLogLevel, type LogLevel } from './log.ts'

/** A variable or binding that is missing or wrong: one line that names it. */
class SettingsError extends Error {
  readonly code = 'settings'
  constructor(message: string) {
    super(message)
    this.name = 'SettingsError'
  }
}

export interface Settings {
  config: EdgeConfig
  /** Ed25519 private key, a JWK as text. */
  privateJwk: string
  logLevel: LogLevel
}

const MIB = 1024 * 1024

const url = z.url({ protocol: /^https?$/, error: 'must be an http or https address' })
const httpUrl = url.transform((text) => text.replace(/\/+$/, ''))

const schema = z.object({
  PUBLIC_URL: httpUrl,
  API_URL: httpUrl,
  WEB_URL: httpUrl,
  SERVICE_TOKEN: z.string().min(16, 'must be 16 characters at least'),
  EDGE_PRIVATE_JWK: z.string().min(1, 'must not be empty'),
  EDGE_CACHE_MIB: z
    .string()
    .regex(/^\d{1,6}$/, 'must be a number of MiB')
    .transform(Number)
    .refine((mib) => mib >= 8, 'must be 8 at least')
    .optional(),
  TRUSTED_PROXIES: z.string().default('').transform(rangesOf),
  LOG_LEVEL: z.string().refine(isLogLevel, 'must be a level').default('info'),
})

function rangesOf(text: string, context: z.RefinementCtx): AddressRange[] {
  const entries = text.split(/[\s,]+/).filter((entry) => entry !== '')
  return entries.flatMap((entry) => {
    const range = parseRange(entry)
    if (range) return range
    context.addIssue({
      code: 'custom',
      message: 'must be addresses or ranges such as 10.0.0.0/8, with commas',
    })
    return []
  })
}

/**
 * Reads what every edge needs, wherever it runs.
 * @param read gives a variable or binding by its name
 * @param defaultCacheMib memory for media where nobody says how much
 * @throws SettingsError
 */
export function readSettings(read: (name: string) => string | undefined, defaultCacheMib: number): Settings {
  const raw = Object.fromEntries(Object.keys(schema.shape).map((name) => [name, read(name) || undefined]))
  const result = schema.safeParse(raw)
  if (!result.success) {
    const [issue] = result.error.issues
    const name = String(issue?.path[0])
    throw new SettingsError(`${name} ${raw[name] === undefined ? 'is not set' : issue?.message}`)
  }
  const {
    PUBLIC_URL,
    API_URL,
    WEB_URL,
    SERVICE_TOKEN,
    EDGE_PRIVATE_JWK,
    EDGE_CACHE_MIB,
    TRUSTED_PROXIES,
    LOG_LEVEL,
  } = result.data
  return {
    config: {
      publicUrl: PUBLIC_URL,
      apiUrl: API_URL,
      webUrl: WEB_URL,
      serviceToken: SERVICE_TOKEN,
      trustedProxies: TRUSTED_PROXIES,
      limits: { ...DEFAULT_LIMITS, mediaCacheBytes: (EDGE_CACHE_MIB ?? defaultCacheMib) * MIB },
    },
    privateJwk: EDGE_PRIVATE_JWK,
    logLevel: LOG_LEVEL,
  }
}
