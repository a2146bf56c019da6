import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import {
  edgeProcessArguments,
  HANDOVER_MS,
  REPLACING,
  TAKING_VIEWERS,
} from '@streamtube/contracts/edge-process.ts'
import { type Config, ConfigError, type Environment, type Part, rawValue, variables } from '../config.ts'
import type { PartPorts } from './part-ports.ts'
import type { Secrets } from './secrets.ts'

/** How long a part may drain; then its whole process group is killed. */
const STOP_WITHIN_MS = 10_000
/** In development nobody is to wait for Ctrl-C: the parts end in three steps. */
const STOP_WITHIN_MS_IN_DEVELOPMENT = 500

/** How to start one part. */
export interface PartSpec {
  name: Part
  command: string
  args: string[]
  cwd: string
  env: Record<string, string>
  metricsPort: number
  stopWithinMs: number
  /** How a second process takes over from the first; absent where it can't. */
  replacement?:
    | {
        /** Added to the arguments of the new one. */
        args: readonly string[]
        /** Message of its log line that says that it has taken over: the old one is then told to go, by SIGHUP. */
        readyMessage: string
        goneWithinMs: number
      }
    | undefined
}

export interface PartsInput {
  config: Config
  environment: Environment
  ports: PartPorts
  secrets: Secrets
  /** The repository. */
  root: string
  node: string
  deno: string
}

const edgeReplacement = {
  args: [REPLACING],
  readyMessage: TAKING_VIEWERS,
  goneWithinMs: HANDOVER_MS + STOP_WITHIN_MS,
}

/** The five processes of one machine. */
export function partSpecs(input: PartsInput): PartSpec[] {
  const { config, root, node, deno } = input
  const watch = config.watch ? ['--watch', '--watch-preserve-output'] : []
  const main = join(root, 'origin', 'main.ts')
  const edge = edgeProcessArguments({
    mainPath: join(root, 'edge', 'src', 'main.deno.ts'),
    tlsFiles: config.tlsCert && config.tlsKey ? [config.tlsCert, config.tlsKey] : [],
    endWithStdin: true,
  })
  const web = [join(root, 'web', 'server.ts'), ...(config.watch ? ['--dev'] : [])]
  const commands: [Part, string, string[]][] = [
    ['api', node, [...watch, main, 'api']],
    ['ingest', node, [...watch, main, 'ingest']],
    ['transcode', node, [...watch, main, 'transcode']],
    ['web', node, web],
    ['edge', deno, edge],
  ]
  return commands.map(([name, command, args]) => ({
    name,
    command,
    args,
    cwd: root,
    env: partEnvironment(name, input),
    metricsPort: input.ports.metrics[name],
    stopWithinMs: config.watch ? STOP_WITHIN_MS_IN_DEVELOPMENT : STOP_WITHIN_MS,
    replacement: name === 'edge' ? edgeReplacement : undefined,
  }))
}

/** A part's environment: the machine's, and of our variables only those that the part reads. */
export function partEnvironment(
  part: Part,
  { config, environment, ports, secrets }: PartsInput,
): Record<string, string> {
  const ours: Record<string, string> = {
    METRICS_PORT: String(ports.metrics[part]),
    SUPERVISED: '1',
    API_PORT: String(ports.api),
    RPC_PORT: String(ports.rpc),
    INGEST_PORT: String(ports.ingest),
    WEB_PORT: String(ports.web),
    API_URL: `http://127.0.0.1:${ports.api}`,
    RPC_URL: `http://127.0.0.1:${ports.rpc}`,
    INGEST_URL: `http://127.0.0.1:${ports.ingest}`,
    WEB_URL: `http://127.0.0.1:${ports.web}`,
    SERVICE_TOKEN: secrets.serviceToken,
    EDGE_PRIVATE_JWK: secrets.edgePrivateJwk,
    EDGE_PUBLIC_JWKS: secrets.edgePublicJwks,
    DATA_DIR: config.dataDir,
  }
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) if (value !== undefined) result[name] = value
  const known = { ...environment, ...ours }
  for (const entry of Object.values(variables)) {
    delete result[entry.name]
    const value = rawValue(entry.name, known)
    if (value !== undefined && (entry.readBy as readonly Part[]).includes(part)) result[entry.name] = value
  }
  // Deno has no colours to know about, and Node none to add: lines are JSON.
  return { ...result, NO_COLOR: '1', NODE_ENV: config.watch ? 'development' : 'production' }
}

/**
 * Finds the Deno that came with the packages: the binary itself, without the script that looks for it.
 * @throws ConfigError where there is none for this system
 */
export function findDeno(root: string): string {
  const platform =
    process.platform === 'linux' ? `linux-${process.arch}-glibc` : `${process.platform}-${process.arch}`
  const require = createRequire(join(root, 'edge', 'package.json'))
  try {
    const binary = join(dirname(require.resolve(`@deno/${platform}/package.json`)), 'deno')
    if (existsSync(binary)) return binary
  } catch {
    // Not among the packages of this system.
  }
  throw new ConfigError(
    'PATH',
    `has no Deno for ${process.platform}-${process.arch}, and the package "deno" neither`,
  )
}
