import { open, rmdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileErrorCode, ignoreMissing } from './file-error.ts'

/** Removes a folder that a delete left empty, and those above it below `root` that are empty then. */
export async function pruneFolder(folder: string, root: string): Promise<void> {
  for (let path = folder; path !== root; path = dirname(path)) {
    try {
      await rmdir(path)
    } catch (error) {
      if (fileErrorCode(error) === 'ENOTEMPTY') return
      ignoreMissing(error)
    }
  }
}

/** Makes a folder's new names survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
