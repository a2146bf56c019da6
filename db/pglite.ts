import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PGlite } from '@electric-sql/pglite'
import { drizzle } from 'drizzle-orm/pglite'
import { migrate } from 'drizzle-orm/pglite/migrator'
import { DatabaseError, type OpenDatabase } from './database.ts'
import { lockFolder } from './folder-lock.ts'
import { findTemplate } from './memory-template.ts'
import * as schema from './schema/index.ts'

const MIGRATIONS = fileURLToPath(new URL('./migrations', import.meta.url))

/**
 * Opens PGlite, Postgres inside this process: one connection, transactions queue.
 * @param path a folder, or `memory` for a database that is gone when it is closed
 * @throws DatabaseError `in-use` while another process has the folder, `damaged` when it can't be read
 */
export async function openPglite(path: string): Promise<OpenDatabase> {
  if (path === 'memory') return await openMemory()
  const folder = resolve(path)
  const lock = lockFolder(folder)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return opened(await migrated(await PGlite.create(folder)), () => lock.release())
  } catch (error) {
    lock.release()
    throw new DatabaseError(
      'damaged',
      `the database in ${folder} can't be opened: ${messageOf(error)}`,
      error,
    )
  }
}

async function openMemory(): Promise<OpenDatabase> {
  const template = await findTemplate(MIGRATIONS)
  const dump = await template.read()
  if (dump) return opened(await PGlite.create({ loadDataDir: dump }), () => undefined)
  const client = await migrated(await PGlite.create())
  await template.write(await client.dumpDataDir('none'))
  return opened(client, () => undefined)
}

async function migrated(client: PGlite): Promise<PGlite> {
  try {
    await migrate(drizzle(client), { migrationsFolder: MIGRATIONS })
    return client
  } catch (error) {
    await client.close()
    throw error
  }
}

function opened(client: PGlite, closed: () => void): OpenDatabase {
  return {
    db: drizzle(client, { schema }),
    async close() {
      if (client.closed) return
      await client.close()
      closed()
    },
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
