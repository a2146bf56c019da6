import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { run } from './run.mjs'

/**
 * Tries whether a port can be listened on.
 * @param {number} port
 * @param {string} host
 * @returns {Promise<NodeJS.ErrnoException | null>} why not
 */
export function tryPort(port, host) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', resolve)
    server.listen(port, host, () => server.close(() => resolve(null)))
  })
}

/**
 * One line for a person whose port is taken or forbidden.
 * @param {string} variable
 * @param {number} port
 * @param {NodeJS.ErrnoException} error
 */
export async function explainPort(variable, port, error) {
  if (error.code === 'EACCES')
    return `Port ${port} may not be listened on by this user. Set ${variable} to a port from 1024.`
  if (error.code !== 'EADDRINUSE')
    return `Port ${port} cannot be listened on: ${error.message}. Check HOST and ${variable}.`
  const holder = holderFromProc(port) ?? (await holderFromLsof(port))
  const who = holder ? `taken by process ${holder.pid} (${holder.command})` : 'taken by another process'
  return `Port ${port} is ${who}. Stop it, or choose another port: ${variable}=${port + 1} npm start`
}

/**
 * Who listens on a port, by Linux's /proc; null where that can't be seen (another system, another user's process).
 * @param {number} port
 */
export function holderFromProc(port) {
  try {
    const inodes = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((file) =>
      listeningInodes(readFileSync(file, 'utf8'), port),
    )
    const wanted = new Set(inodes.map((inode) => `socket:[${inode}]`))
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      if (holdsSocket(pid, wanted)) {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        return { pid: Number(pid), command: command.slice(0, 120) }
      }
    }
  } catch {
    // No /proc here.
  }
  return null
}

/**
 * Inodes of the sockets in state LISTEN (0A) on a port, from the text of /proc/net/tcp.
 * @param {string} table
 * @param {number} port
 */
export function listeningInodes(table, port) {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((columns) => columns[1]?.endsWith(suffix) && columns[3] === '0A')
    .map((columns) => columns[9])
}

/** @param {string} pid @param {Set<string>} wanted */
function holdsSocket(pid, wanted) {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return wanted.has(readlinkSync(`/proc/${pid}/fd/${fd}`))
      } catch {
        return false
      }
    })
  } catch {
    return false
  }
}

/** @param {number} port */
async function holderFromLsof(port) {
  const { output } = await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'], { timeoutMs: 3000 })
  const pid = /^p(\d+)$/m.exec(output)?.[1]
  return pid ? { pid: Number(pid), command: /^c(.+)$/m.exec(output)?.[1] ?? '?' } : null
}
