import { DatabaseError, type OpenDatabase } from './database.ts'
import { openPglite } from './pglite.ts'

/**
 * Opens the database behind a URL and brings its schema up to date.
 * @param url `pglite:<folder>`, or `pglite:memory` for one that is gone when it is closed
 * @throws DatabaseError `unknown-scheme`, `in-use`, `damaged`
 */
export async function connect(url: string): Promise<OpenDatabase> {
  const [, scheme, rest] = /^([a-z][a-z0-9+.-]*):(.+)$/s.exec(url) ?? []
  if (scheme === 'pglite' && rest !== undefined) return await openPglite(rest)
  throw new DatabaseError(
    'unknown-scheme',
    `DB_URL must begin with "pglite:" and name a folder, not "${url}"`,
  )
}
