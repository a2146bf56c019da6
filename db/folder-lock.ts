import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseError } from './database.ts'

/** Who holds a lock: a pid alone isn't enough, since it is given to another process one day. */
interface Holder {
  pid: number
  /** When the process started, in clock ticks since boot (proc(5), field 22); null where the system doesn't say. */
  startedAtTicks: string | null
}

export interface FolderLock {
  release(): void
}

/**
 * Takes a folder for this process; the lock file lies beside it and takes over from a process that is gone.
 * @param setting the variable that names the folder
 * @throws DatabaseError `in-use` with the holder's pid
 */
export function lockFolder(folder: string, setting = 'DB_URL'): FolderLock {
  const path = `${folder}.lock`
  mkdirSync(dirname(path), { recursive: true })
  const own = JSON.stringify(describe(process.pid))
  for (let attempt = 0; attempt < 3; attempt++) {
    if (createOnce(path, own)) return { release: () => rmSync(path, { force: true }) }
    const text = readIfThere(path)
    const holder = text === null ? null : parse(text)
    if (holder && isAlive(holder)) throw inUse(folder, holder.pid, setting)
    if (text !== null) removeStale(path, text)
  }
  throw new DatabaseError('in-use', `${folder} is being opened by several processes at once; try again`)
}

function inUse(folder: string, pid: number, setting: string): DatabaseError {
  return new DatabaseError(
    'in-use',
    `${folder} is in use by the process ${pid}; end it or choose another ${setting}`,
  )
}

function createOnce(path: string, text: string): boolean {
  try {
    writeFileSync(path, text, { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false
    throw error
  }
}

/** Renames before it deletes, so that of two processes that found the same dead holder only one goes on. */
function removeStale(path: string, expected: string): void {
  const aside = `${path}.${process.pid}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return
    throw error
  }
  const taken = readIfThere(aside)
  if (taken !== null && taken !== expected) createOnce(path, taken)
  rmSync(aside, { force: true })
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null
    throw error
  }
}

function parse(text: string): Holder | null {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value)) return null
    const { pid } = value
    if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0) return null
    const ticks = 'startedAtTicks' in value ? value.startedAtTicks : null
    return { pid, startedAtTicks: typeof ticks === 'string' ? ticks : null }
  } catch {
    // A file that was cut off in writing names nobody.
    return null
  }
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    // EPERM: it lives, as another user.
    if (!isCode(error, 'EPERM')) return false
  }
  const now = describe(holder.pid).startedAtTicks
  return holder.startedAtTicks === null || now === null || now === holder.startedAtTicks
}

function describe(pid: number): Holder {
  const stat = process.platform === 'linux' ? readIfThere(`/proc/${pid}/stat`) : null
  // The name in parentheses may hold spaces: fields are counted from the last one.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
  return { pid, startedAtTicks: fields?.[19] ?? null }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
