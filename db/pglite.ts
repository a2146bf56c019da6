import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from 'drizzle-orm/pglite/migrator'
import { DatabaseError, type OpenDatabase } from './database.ts'
import { lockFolder } from './folder-lock.ts'
import * as schema from './schema/index.ts'

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url))

/**
 * Opens PGlite, Postgres inside this process: one connection, transactions queue.
 * @param path a folder, or `memory` for a database that is gone when it is closed
 * @throws DatabaseError `in-use` while another process has the folder, `damaged` when it can't be read
 */
export async function openPglite(path: string): Promise<OpenDatabase> {
  if (path === 'memory') return await start(undefined, () => undefined)
  const folder = resolve(path)
  const lock = lockFolder(folder)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return await start(folder, () => lock.release())
  } catch (error) {
    lock.release()
    if (error instanceof DatabaseError) throw error
    throw new DatabaseError(
      'damaged',
      `the database in ${folder} can't be opened: ${messageOf(error)}`,
      error,
    )
  }
}

async function start(folder: string | undefined, closed: () => void): Promise<OpenDatabase> {
  const client = await (folder === undefined ? PGlite.create() : PGlite.create(folder))
  try {
    const db = drizzle(client, { schema })
    await migrate(db, { migrationsFolder: MIGRATIONS })
    return {
      db,
      async close() {
        if (client.closed) return
        await client.close()
        closed()
      },
    }
  } catch (error) {
    await client.close()
    throw error
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
