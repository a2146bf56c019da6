/**
 * How an edge is started on Deno: for the supervisor and for container images, so that its permissions are said in one
 * place.
 */

/** Every environment variable the Deno edge reads. */
export const EDGE_VARIABLES = [
  'PORT',
  'HOST',
  'PUBLIC_URL',
  'TLS_CERT',
  'TLS_KEY',
  'METRICS_PORT',
  'API_URL',
  'WEB_URL',
  'SERVICE_TOKEN',
  'EDGE_PRIVATE_JWK',
  'EDGE_CACHE_MIB',
  'TRUSTED_PROXIES',
  'LOG_LEVEL',
  'WATCH',
] as const

/** Makes the edge drain and end when its standard input closes: for a parent that may die. */
export const END_WITH_STDIN = '--end-with-stdin'

/** Makes the edge take the metrics port when the one that it replaces lets it go. */
export const REPLACING = '--replacing'

/**
 * The message of the log line that says that viewers are served. The edge that was there is then sent SIGHUP: it takes
 * nobody new, answers those who wait, and ends.
 */
export const TAKING_VIEWERS = 'Taking viewers'

/** An edge that was replaced ends within this time, whoever still waits. */
export const HANDOVER_MS = 60_000

export interface EdgeProcess {
  /** Path of `edge/src/main.deno.ts`. */
  mainPath: string
  /** Certificate and key (PEM) when the edge itself speaks TLS: the only files it may read. */
  tlsFiles?: readonly string[]
  /** The parent holds the edge's standard input open for as long as it lives. */
  endWithStdin?: boolean
}

/**
 * Arguments for the `deno` program. It may use the network (ingest nodes are named at run time), read the variables
 * above and the files of its certificate: nothing else. Nothing is downloaded: packages come from node_modules as
 * npm laid them out.
 */
export function edgeProcessArguments({
  mainPath,
  tlsFiles = [],
  endWithStdin = false,
}: EdgeProcess): string[] {
  return [
    'run',
    '--no-prompt',
    '--no-config',
    '--no-lock',
    '--no-remote',
    '--cached-only',
    '--node-modules-dir=manual',
    // A request's signal then says that the viewer has gone, not that the answer is through.
    '--unstable-no-legacy-abort',
    // Two edges listen on one port while one replaces the other.
    '--unstable-net',
    '--allow-net',
    `--allow-env=${EDGE_VARIABLES.join(',')}`,
    ...(tlsFiles.length > 0 ? [`--allow-read=${tlsFiles.join(',')}`] : []),
    mainPath,
    ...(endWithStdin ? [END_WITH_STDIN] : []),
  ]
}
