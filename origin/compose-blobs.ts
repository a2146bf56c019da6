import { ConfigError } from './config.ts'
import { openFileBlobs } from './ports/blobs/file.ts'
import type { Blobs } from './ports/blobs/port.ts'
import type { RoleContext } from './role.ts'

// Apart from compose.ts: the roles without a database are spared loading what talks to one (150 MB of memory).

type Context = Pick<RoleContext, 'config' | 'log'>

/**
 * Picks an adapter by the scheme of its URL and opens it with what follows the scheme. A new vendor is one line in one
 * of the tables below.
 * @throws ConfigError that names the variable and the schemes it takes
 */
export function openByScheme<Adapter>(
  variable: string,
  url: string,
  adapters: Record<string, (rest: string) => Adapter>,
): Adapter {
  const end = url.indexOf(':') + 1
  const scheme = url.slice(0, end)
  const open = Object.hasOwn(adapters, scheme) ? adapters[scheme] : undefined
  if (open) return open(url.slice(end))
  throw new ConfigError(variable, `must begin with ${Object.keys(adapters).join(' or ')}, not "${scheme}"`)
}

/** Opens blobs. Several processes may share them. */
export function openBlobs({ config }: Context): Promise<Blobs> {
  return openByScheme('BLOBS_URL', config.blobsUrl, {
    'file:': (folder) => openFileBlobs({ folder }),
  })
}
