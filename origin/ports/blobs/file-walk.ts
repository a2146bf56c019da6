import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { PortError } from '../error.ts'
import { isMissing } from './file-error.ts'
import { isBlobKey } from './key.ts'

/**
 * Every key under `root` that begins with `prefix` and comes after `after`, in the order of code units. A folder's name
 * sorts with its slash, so that `a-b` stands before `a/b` as it does in an object store.
 * @throws PortError `invalid` for a prefix that no key can have
 */
export async function* walkKeys(root: string, prefix: string, after: string | null): AsyncGenerator<string> {
  // A prefix may end in the middle of a name or with a slash; with a letter behind it, it must be a key.
  if (!isBlobKey(`${prefix}a`))
    throw new PortError('blobs', 'invalid', `no key begins with ${JSON.stringify(prefix)}`)
  yield* walk(root, prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, after)
}

async function* walk(
  root: string,
  base: string,
  prefix: string,
  after: string | null,
): AsyncGenerator<string> {
  for (const name of await namesIn(join(root, base))) {
    const path = base + name
    if (!path.startsWith(prefix)) continue
    if (after !== null && path <= after && !(name.endsWith('/') && after.startsWith(path))) continue
    if (name.endsWith('/')) yield* walk(root, path, prefix, after)
    else yield path
  }
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries
      .filter((entry) => isBlobKey(entry.name))
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .toSorted((a, b) => (a < b ? -1 : 1))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
