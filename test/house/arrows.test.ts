import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readText, repository, repositoryFiles } from '../support/source-files.ts'

/** What describes data or is the language a whole part is written in: no vendor to keep at a distance. */
const everywhere = [
  /^zod$/,
  /^hono(\/|$)/,
  /^@hono\//,
  /^drizzle-orm(\/|$)/,
  /^@bufbuild\/protobuf(\/|$)/,
  /^@connectrpc\//,
  /^@streamtube\//,
  /^(vitest|fast-check)(\/|$)/,
]

test('the arrows of the house hold', () => {
  const depcruise = join(repository, 'node_modules', '.bin', 'depcruise')
  const args = ['--config', '.dependency-cruiser.mjs', 'edge', 'origin', 'db', 'web', 'test']
  const { stdout } = spawnSync(depcruise, args, { cwd: repository, encoding: 'utf8' })
  expect(stdout).toContain('no dependency violations found')
})

test('a vendor’s package is imported by one file of a part', () => {
  const importers = new Map<string, Set<string>>()
  for (const file of productFiles()) {
    for (const name of packagesOf(readText(file))) {
      const key = `${file.split('/')[0]}: ${name}`
      importers.set(key, (importers.get(key) ?? new Set()).add(file))
    }
  }
  const shared = [...importers].filter(([, files]) => files.size > 1).map(([key, files]) => [key, ...files])
  expect(shared).toEqual([])
})

test('the bootstrap needs nothing but Node', () => {
  const files = repositoryFiles().filter((file) => /^infra\/bootstrap\/.*\.mjs$/.test(file))
  expect(files.length).toBeGreaterThan(5)
  for (const file of files) expect([file, packagesOf(readText(file))]).toEqual([file, []])
})

/** Pages are made of their framework's parts all over; everything else keeps its vendors apart. */
function productFiles(): string[] {
  return repositoryFiles().filter(
    (file) => /^(edge|origin|db)\/.*\.ts$/.test(file) && !/\.(test|case)\.ts$|\/gen\//.test(file),
  )
}

/** The packages that a file imports, without Node's own and those that may stand everywhere. */
function packagesOf(source: string): string[] {
  const specifiers = [...source.matchAll(/(?:from|import|import\()\s*['"]([^'"]+)['"]/g)].map(
    ([, name]) => name ?? '',
  )
  return specifiers
    .filter((name) => !/^[./#]|^node:/.test(name) && !everywhere.some((pattern) => pattern.test(name)))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'))
}
