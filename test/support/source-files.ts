import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository. */
export const repository = resolve(fileURLToPath(import.meta.url), '..', '..', '..')

/** The repository's files: what git knows, and what it would with the next commit. */
export function repositoryFiles(): string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard']
  const output = execFileSync('git', args, { cwd: repository, maxBuffer: 16 * 1024 * 1024 }).toString()
  return output.split('\0').filter((path) => path !== '' && existsSync(join(repository, path)))
}

export function readText(path: string): string {
  return readFileSync(join(repository, path), 'utf8')
}
