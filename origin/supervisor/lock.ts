import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { identify, isAlive, type ProcessIdentity } from './process-identity.ts'

const identitySchema = z.object({ pid: z.number().int().positive(), startedAt: z.string().nullable() })
const contentSchema = z.object({ owner: identitySchema, children: z.array(identitySchema) })

/** DATA_DIR is in use by a StreamTube that runs. */
export class LockError extends Error {
  readonly code = 'locked'
  readonly pid: number
  constructor(dataDir: string, pid: number) {
    super(
      `StreamTube runs already on DATA_DIR ${dataDir}, as process ${pid}. Stop it, or choose another DATA_DIR.`,
    )
    this.name = 'LockError'
    this.pid = pid
  }
}

export interface Lock {
  /** Processes that a dead owner left behind and that still run: end them before their data is touched. */
  readonly leftovers: readonly ProcessIdentity[]
  /** Notes which children run now, for whoever takes over from a killed owner. */
  noteChildren(pids: readonly number[]): void
  release(): void
}

/**
 * Takes DATA_DIR for this process, also over from an owner that is dead.
 * @throws LockError while its owner lives
 */
export function takeLock(dataDir: string, ownPid = process.pid): Lock {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const file = join(dataDir, 'lock.json')
  const draft = `${file}.${ownPid}`
  const owner = identify(ownPid)
  const write = (path: string, children: ProcessIdentity[]) =>
    writeFileSync(path, JSON.stringify({ owner, children }), { mode: 0o600 })

  write(draft, [])
  try {
    const leftovers = claim(file, draft, dataDir)
    return {
      leftovers,
      noteChildren(pids) {
        write(draft, pids.map(identify))
        renameSync(draft, file)
      },
      release: () => rmSync(file, { force: true }),
    }
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Puts `draft` in the place of `file`. A hard link either makes the name or fails: two can't both succeed. */
function claim(file: string, draft: string, dataDir: string): ProcessIdentity[] {
  for (;;) {
    try {
      linkSync(draft, file)
      return []
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const found = read(file)
    if (found && isAlive(found.owner)) throw new LockError(dataDir, found.owner.pid)
    const leftovers = found?.children.filter(isAlive) ?? []
    if (setAside(file, `${draft}.old`, found?.owner.pid)) {
      linkSync(draft, file)
      return leftovers
    }
  }
}

/** Moves a dead owner's lock away; false if what was moved had become somebody else's meanwhile (then it is put back). */
function setAside(file: string, aside: string, deadPid: number | undefined): boolean {
  try {
    renameSync(file, aside)
    if (read(aside)?.owner.pid === deadPid) return true
    linkSync(aside, file)
    return false
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  } finally {
    rmSync(aside, { force: true })
  }
}

function read(file: string): z.infer<typeof contentSchema> | null {
  try {
    return contentSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    // Gone meanwhile, or cut short by a crash of the machine: nobody's.
    return null
  }
}
