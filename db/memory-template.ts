import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = fileURLToPath(new URL('../node_modules/.cache/streamtube', import.meta.url))

/**
 * A migrated, empty database as a file: making one takes seconds, copying one a fraction. For databases in memory,
 * that is, for tests.
 */
export interface MemoryTemplate {
  read(): Promise<Blob | null>
  /** Keeps it for the next one, in place of those for older schemas. */
  write(dump: Blob): Promise<void>
}

/** The template for this engine and these migrations. */
export async function findTemplate(migrations: string): Promise<MemoryTemplate> {
  const path = join(FOLDER, `pglite-${await fingerprint(migrations)}.tar`)
  return {
    async read() {
      const bytes = await readFile(path).catch(() => null)
      return bytes && new Blob([bytes])
    },
    async write(dump) {
      await mkdir(FOLDER, { recursive: true })
      const older = (await readdir(FOLDER)).filter((name) => /^pglite-[0-9a-f]+\.tar$/.test(name))
      await Promise.all(older.map((name) => rm(join(FOLDER, name), { force: true })))
      const draft = `${path}.${randomUUID()}`
      await writeFile(draft, dump.stream())
      await rename(draft, path)
    },
  }
}

async function fingerprint(migrations: string): Promise<string> {
  const hash = createHash('sha256')
  hash.update(await readFile(new URL('../package.json', import.meta.resolve('@electric-sql/pglite'))))
  for (const name of (await readdir(migrations)).filter((file) => file.endsWith('.sql')).sort()) {
    hash.update(name).update(await readFile(join(migrations, name)))
  }
  return hash.digest('hex').slice(0, 16)
}
