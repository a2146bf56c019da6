import { z } from 'zod'
import { logLevels } from './log.ts'

/** The parts that read configuration. `supervisor` is `main.ts all`. */
export const parts = ['supervisor', 'edge', 'web', 'api', 'ingest', 'transcode'] as const
export type Part = (typeof parts)[number]

/** Each part's metrics port is METRICS_PORT and its place in this list. */
export const metricsOrder: readonly Part[] = ['edge', 'api', 'ingest', 'transcode', 'web', 'supervisor']

/** A mistake in the environment: one line that names the variable and says what to do about it. */
export class ConfigError extends Error {
  readonly code = 'config'
  readonly variable: string
  constructor(variable: string, message: string) {
    super(`${variable} ${message}`)
    this.name = 'ConfigError'
    this.variable = variable
  }
}

interface Variable<Schema extends z.ZodType = z.ZodType> {
  name: string
  schema: Schema
  description: string
  /** As one would write it in the environment; `<NAME>` stands for that variable's value; null: unset. */
  default: string | null
  readBy: readonly Part[]
  /** Set by the supervisor for its children; to be set by hand only where a role runs alone. */
  internal: boolean
}

type Options = { default?: string | null; readBy: readonly Part[]; internal?: boolean }

function variable<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
  description: string,
  { default: fallback = null, readBy, internal = false }: Options,
): Variable<Schema> {
  return { name, schema, description, default: fallback, readBy, internal }
}

const text = z.string().min(1, 'must not be empty')
const port = z
  .string()
  .regex(/^\d{1,5}$/, 'must be a port number')
  .transform(Number)
  .refine((value) => value <= 65_535, 'must be a port number')
const httpUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http or https address' })
  .transform(withoutEndSlash)
const adapterUrl = z.string().regex(/^[a-z][a-z0-9+.-]*:/, 'must be a URL, beginning with its scheme')
const flag = z.stringbool({ error: 'must be 1 or 0' })
const jwk = z.record(z.string(), z.unknown())
const json = z.string().transform((value, context): unknown => {
  try {
    return JSON.parse(value)
  } catch {
    context.addIssue({ code: 'custom', message: 'must be JSON' })
    return z.NEVER
  }
})

const everyPart = parts
const nodeRoles = ['supervisor', 'api', 'ingest', 'transcode'] as const

/** Every variable there is. README's table is printed from this, and each `Config` is parsed with it. */
export const variables = {
  port: variable('PORT', port, 'Port of the site: pages, API and media.', {
    default: '8080',
    readBy: ['supervisor', 'edge'],
  }),
  host: variable('HOST', text, 'Address to listen on, for the site and for RTMP.', {
    default: '0.0.0.0',
    readBy: ['supervisor', 'edge', 'ingest'],
  }),
  publicUrl: variable('PUBLIC_URL', httpUrl, 'Address under which people reach the site.', {
    default: 'http://localhost:<PORT>',
    readBy: ['supervisor', 'edge', 'web', 'api', 'ingest'],
  }),
  rtmpPort: variable('RTMP_PORT', port, 'Port for encoders (RTMP).', {
    default: '1935',
    readBy: ['supervisor', 'api', 'ingest'],
  }),
  rtmpsPort: variable(
    'RTMPS_PORT',
    port.nullable(),
    'Port for encoders over TLS (RTMPS); needs TLS_CERT. Unset: off.',
    {
      readBy: ['supervisor', 'api', 'ingest'],
    },
  ),
  tlsCert: variable(
    'TLS_CERT',
    text.nullable(),
    'File with the certificate chain (PEM): the site answers by https.',
    {
      readBy: ['supervisor', 'edge', 'ingest'],
    },
  ),
  tlsKey: variable('TLS_KEY', text.nullable(), 'File with the private key of TLS_CERT (PEM).', {
    readBy: ['supervisor', 'edge', 'ingest'],
  }),
  metricsPort: variable(
    'METRICS_PORT',
    port,
    'Loopback port of /metrics, /healthz and /readyz: this one for the edge, the next ones for api, ingest, transcode, web and supervisor. 0: any free ports.',
    { default: '9464', readBy: everyPart },
  ),
  edgeCacheMib: variable(
    'EDGE_CACHE_MIB',
    z
      .string()
      .regex(/^\d{1,6}$/, 'must be a number of MiB')
      .transform(Number)
      .refine((mib) => mib >= 8, 'must be 8 at least'),
    'Memory for media that the edge keeps, in MiB; broadcasts and videos share it fairly.',
    { default: '256', readBy: ['edge'] },
  ),
  nvencSessionsMax: variable(
    'NVENC_SESSIONS_MAX',
    z
      .string()
      .regex(/^\d{1,4}$/, 'must be a number')
      .transform(Number),
    'Encoding sessions that lower qualities may have open at once on an NVIDIA card, one for each quality of each stream; GeForce cards take 8. Beyond it the processor encodes. 0: always.',
    { default: '8', readBy: ['ingest'] },
  ),
  dataDir: variable(
    'DATA_DIR',
    text,
    'Folder for all that is kept: secrets, and whatever has no engine of its own.',
    {
      default: '.data',
      readBy: nodeRoles,
    },
  ),
  dbUrl: variable('DB_URL', adapterUrl, 'The database. `pglite:` a folder.', {
    default: 'pglite:<DATA_DIR>/db',
    readBy: ['api'],
  }),
  kvUrl: variable('KV_URL', adapterUrl, 'Short-lived state. `embedded:` a folder.', {
    default: 'embedded:<DATA_DIR>/kv',
    readBy: ['api'],
  }),
  docsUrl: variable(
    'DOCS_URL',
    adapterUrl,
    'Documents that are mostly added to. `db:` tables of the database.',
    {
      default: 'db:',
      readBy: ['api'],
    },
  ),
  eventsUrl: variable('EVENTS_URL', adapterUrl, 'Events between parts. `db:` a table of the database.', {
    default: 'db:',
    readBy: ['api'],
  }),
  blobsUrl: variable('BLOBS_URL', adapterUrl, 'Media and pictures. `file:` a folder.', {
    default: 'file:<DATA_DIR>/blobs',
    readBy: ['supervisor', 'api', 'ingest', 'transcode'],
  }),
  spoolDir: variable(
    'SPOOL_DIR',
    text,
    'Folder for what was streamed and is not in `BLOBS_URL` yet: on a disk of this machine, of one ingest node alone.',
    { default: '<DATA_DIR>/spool', readBy: ['ingest'] },
  ),
  spoolMaxMib: variable(
    'SPOOL_MAX_MIB',
    z
      .string()
      .regex(/^\d{1,9}$/, 'must be a number of MiB')
      .transform(Number)
      .refine((mib) => mib >= 64, 'must be 64 at least'),
    'What that folder may hold, in MiB, of all streams together; beyond it the oldest is given up: gaps in the replay.',
    { default: '10240', readBy: ['ingest'] },
  ),
  spoolFsync: variable(
    'SPOOL_FSYNC',
    flag,
    'Sync each segment to that disk before it is listed, so that a loss of power takes none.',
    { default: '0', readBy: ['ingest'] },
  ),
  diskFreeMinMib: variable(
    'DISK_FREE_MIN_MIB',
    z
      .string()
      .regex(/^\d{1,9}$/, 'must be a number of MiB')
      .transform(Number),
    'When the disk of `file:` blobs has less than this free, in MiB, the oldest replays are deleted, one after the other, until it has. 0: never.',
    { default: '512', readBy: ['api'] },
  ),
  trustedProxies: variable(
    'TRUSTED_PROXIES',
    z
      .string()
      .regex(/^[\da-f.:/,\s]+$/i, 'must be addresses or ranges such as 10.0.0.0/8, with commas')
      .nullable(),
    'Addresses or ranges of proxies in front of the site, with commas: their X-Forwarded-For and X-Forwarded-Proto count, nobody else’s.',
    { readBy: ['supervisor', 'edge'] },
  ),
  logLevel: variable('LOG_LEVEL', z.enum(logLevels), `How much to log: ${logLevels.join(', ')}.`, {
    default: 'info',
    readBy: everyPart,
  }),
  demo: variable('DEMO', flag, 'Fills the site with generated streams and videos (`npm start -- --demo`).', {
    default: '0',
    readBy: nodeRoles,
  }),
  watch: variable('WATCH', flag, 'Every part restarts when its files change (`npm run dev`).', {
    default: '0',
    readBy: ['supervisor', 'edge'],
  }),

  supervised: variable('SUPERVISED', flag, 'The process ends when its stdin closes.', {
    default: '0',
    readBy: ['web', 'api', 'ingest', 'transcode'],
    internal: true,
  }),
  apiPort: variable('API_PORT', port, "Loopback port of api's HTTP.", { readBy: ['api'], internal: true }),
  rpcPort: variable('RPC_PORT', port, "Loopback port of api's gRPC.", { readBy: ['api'], internal: true }),
  ingestPort: variable('INGEST_PORT', port, "Loopback port of ingest's media HTTP.", {
    readBy: ['ingest'],
    internal: true,
  }),
  webPort: variable('WEB_PORT', port, 'Loopback port of the pages.', { readBy: ['web'], internal: true }),
  apiUrl: variable('API_URL', httpUrl, "Where to reach api's HTTP.", {
    readBy: ['edge', 'web', 'api', 'ingest', 'transcode'],
    internal: true,
  }),
  rpcUrl: variable('RPC_URL', httpUrl, "Where to reach api's gRPC.", {
    readBy: ['ingest', 'transcode'],
    internal: true,
  }),
  ingestUrl: variable('INGEST_URL', httpUrl, 'Where edges reach this ingest process.', {
    readBy: ['ingest'],
    internal: true,
  }),
  webUrl: variable('WEB_URL', httpUrl, 'Where the edge reaches the pages.', {
    readBy: ['edge'],
    internal: true,
  }),
  serviceToken: variable('SERVICE_TOKEN', text, 'Secret between the parts (RPC).', {
    readBy: ['edge', 'api', 'ingest', 'transcode'],
    internal: true,
  }),
  edgePrivateJwk: variable('EDGE_PRIVATE_JWK', json.pipe(jwk), "The edge's signing key (Ed25519, a JWK).", {
    readBy: ['edge'],
    internal: true,
  }),
  edgePublicJwks: variable(
    'EDGE_PUBLIC_JWKS',
    json.pipe(z.object({ keys: z.array(jwk) })),
    'The public keys of edges, to check that a request comes from one (a JWK set).',
    { readBy: ['api', 'ingest'], internal: true },
  ),
} as const

type Variables = typeof variables

/** The environment, parsed. A role sees what the table lists for it; reading anything else throws. */
export type Config = { readonly [Key in keyof Variables]: z.output<Variables[Key]['schema']> }

export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Parses the environment for one part.
 * @throws ConfigError for the first variable that is missing or wrong
 */
export function loadConfig(environment: Environment, part: Part): Config {
  const config = {}
  for (const [key, entry] of Object.entries(variables)) {
    if (entry.readBy.includes(part)) {
      Object.defineProperty(config, key, { value: parse(entry, environment), enumerable: true })
    } else {
      Object.defineProperty(config, key, {
        get: () => {
          throw new ConfigError(entry.name, `is not listed for ${part} in origin/config.ts`)
        },
      })
    }
  }
  checkTogether(config as Config, part)
  return config as Config
}

/** What the environment says of a variable, with its default filled in; undefined when it has neither. */
export function rawValue(name: string, environment: Environment): string | undefined {
  const entry = Object.values(variables).find((candidate) => candidate.name === name)
  const given = environment[name]
  if (given !== undefined && given !== '') return given
  return entry?.default?.replace(/<([A-Z_]+)>/g, (_, other: string) => rawValue(other, environment) ?? '')
}

function parse(entry: Variable, environment: Environment): unknown {
  const raw = rawValue(entry.name, environment)
  if (raw === undefined && entry.schema.safeParse(null).success) return null
  if (raw === undefined)
    throw new ConfigError(entry.name, 'is not set; the supervisor sets it for its children')
  const result = entry.schema.safeParse(raw)
  if (result.success) return result.data
  throw new ConfigError(entry.name, result.error.issues[0]?.message ?? 'is wrong')
}

/** Rules that hold between variables. */
function checkTogether(config: Config, part: Part): void {
  if (part !== 'supervisor') return
  if (config.tlsCert && !config.tlsKey) throw new ConfigError('TLS_KEY', 'must be set with TLS_CERT')
  if (config.tlsKey && !config.tlsCert) throw new ConfigError('TLS_CERT', 'must be set with TLS_KEY')
  if (config.rtmpsPort && !config.tlsCert) throw new ConfigError('TLS_CERT', 'must be set with RTMPS_PORT')
  if (config.tlsCert && !config.publicUrl.startsWith('https:')) {
    throw new ConfigError(
      'PUBLIC_URL',
      'must be an https address when TLS_CERT is set, with the name in the certificate',
    )
  }
  if (config.demo && !isLocal(config.publicUrl)) {
    throw new ConfigError(
      'PUBLIC_URL',
      'must be local (localhost) for the demo, whose sign-in is open to whoever sees the log',
    )
  }
}

/** True for an address that only this machine reaches. */
export function isLocal(url: string): boolean {
  const { hostname } = new URL(url)
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d+){3}$/.test(hostname)
  )
}

function withoutEndSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
