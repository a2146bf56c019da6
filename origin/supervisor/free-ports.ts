import { randomInt } from 'node:crypto'
import { createServer, type Server } from 'node:net'

/**
 * Below the range from which systems take a port for a connection that goes out (Linux from 32768, others from 49152):
 * one that is free now must be so, too, when its process listens, and when it is started again.
 */
const LOWEST = 20_000
const ABOVE_HIGHEST = 32_768
const ATTEMPTS_PER_PORT = 50

/**
 * Finds loopback ports that are free now; all held until the last is found, so that they differ.
 * @param pick chooses a port to try
 * @throws the listen error of the last try when next to all are taken; at once one that isn't about a taken port
 */
export async function findFreePorts(
  count: number,
  pick: () => number = () => randomInt(LOWEST, ABOVE_HIGHEST),
): Promise<number[]> {
  const servers: Server[] = []
  const ports: number[] = []
  try {
    while (ports.length < count) {
      const { server, port } = await listenSomewhere(pick)
      servers.push(server)
      ports.push(port)
    }
    return ports
  } finally {
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  }
}

async function listenSomewhere(pick: () => number): Promise<{ server: Server; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = pick()
    try {
      return { server: await listen(port), port }
    } catch (error) {
      const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
      if (!isTaken || attempt === ATTEMPTS_PER_PORT) throw error
    }
  }
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
