import { ConfigError } from './config.ts'

/**
 * Picks an adapter by the scheme of its URL.
 * @throws ConfigError that names the variable and the schemes it takes
 */
export function pick<Adapter>(variable: string, url: string, adapters: Record<string, Adapter>): Adapter {
  const scheme = url.slice(0, url.indexOf(':') + 1)
  const adapter = Object.hasOwn(adapters, scheme) ? adapters[scheme] : undefined
  if (adapter) return adapter
  throw new ConfigError(variable, `must begin with ${Object.keys(adapters).join(' or ')}, not "${scheme}"`)
}
