import { type Config, ConfigError, loadConfig, metricsOrder, type Part } from './config.ts'
import { createLogger, type Logger } from './log.ts'
import { createMetrics, type MetricsServer, serveMetrics } from './metrics.ts'
import type { RunningRole, StartRole } from './role.ts'

/** A mistake in the configuration: starting again wouldn't help (EX_CONFIG of sysexits.h). */
export const EXIT_CONFIG = 78

/** How long a role may drain before its process ends all the same. */
const DRAIN_DEADLINE_MS = 8000

/**
 * Runs one role as this process: configuration, log, metrics and health, then the role, until SIGTERM, SIGINT or the
 * end of the parent; then drains and ends with exit code 0.
 */
export async function runProcess(part: Part, load: () => Promise<StartRole>): Promise<void> {
  let log = createLogger({ process: part })
  const fail = (error: unknown): never => {
    if (error instanceof ConfigError) log.error(error.message)
    else log.error({ err: error }, `${part} stopped by an error`)
    process.exit(error instanceof ConfigError ? EXIT_CONFIG : 1)
  }
  process.on('uncaughtException', fail)
  process.on('unhandledRejection', fail)
  const stopAsked = stopRequest()
  try {
    const config = loadConfig(process.env, part)
    log = createLogger({ process: part, level: config.logLevel })
    const metrics = createMetrics(part)
    let role: RunningRole | undefined
    const server = await serveMetrics(metrics, {
      port: metricsPort(config, part),
      ready: () => role?.ready() ?? false,
    })
    role = await (await load())({ config, log, metrics })
    log.debug(`${part} has started`)
    const reason = await Promise.race([stopAsked, ...(role.broken ? [role.broken] : [])])
    log.debug({ reason }, `${part} drains`)
    await drain(role, server, log)
    process.exit(reason ? 0 : 1)
  } catch (error) {
    fail(error)
  }
}

/** The supervisor counts the ports up for its children; its own is the last. */
function metricsPort({ metricsPort: first }: Config, part: Part): number {
  return part === 'supervisor' && first !== 0 ? first + metricsOrder.indexOf(part) : first
}

/** Resolves with why, when this process is to end. Supervised processes end with their parent: it holds their stdin. */
function stopRequest(): Promise<string> {
  return new Promise((resolve) => {
    process.on('SIGTERM', resolve)
    process.on('SIGINT', resolve)
    process.once('disconnect', () => resolve('parent gone'))
    if (process.env.SUPERVISED !== '1') return
    process.stdin.once('close', () => resolve('parent gone'))
    process.stdin.resume()
  })
}

async function drain(role: RunningRole, server: MetricsServer, log: Logger): Promise<void> {
  const deadlineMs = role.drainDeadlineMs ?? DRAIN_DEADLINE_MS
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<'late'>((resolve) => {
    timer = setTimeout(resolve, deadlineMs, 'late')
  })
  const result = await Promise.race([role.close(), deadline])
  clearTimeout(timer)
  if (result === 'late') log.warn({ deadlineMs }, 'drained too slowly; ending all the same')
  await server.close()
}
