import { expect, test } from 'vitest'
import { type Part, variables } from '../../origin/config.ts'
import { configTable } from '../../origin/config-table.ts'
import { readText, repositoryFiles } from '../support/source-files.ts'

const entries = Object.entries(variables)

test('README’s table is the one the program is configured by', () => {
  expect(readText('README.md')).toContain(configTable())
})

test.each(entries)('%s is read', (key, { name, readBy }) => {
  const inNode = productSources().some((source) =>
    new RegExp(`\\b(config\\.${key}\\b|\\b${key}\\b[^:]*\\} = |process\\.env\\.${name}\\b)`).test(source),
  )
  const inEdge = (readBy as readonly Part[]).includes('edge') && edgeSource().includes(name)
  expect(inNode || inEdge).toBe(true)
})

test.each(entries)('%s says what it is', (_, { description }) => {
  expect(description).toMatch(/^[A-Z].{8,}[.:]$|^[A-Z].{8,}\)\.$/s)
})

test('no secret has a default', () => {
  const secret = entries.filter(([key]) => /token|key|jwk|password/i.test(key))
  expect(secret.length).toBeGreaterThan(2)
  for (const [, entry] of secret) expect(entry.default).toBeNull()
})

test('the environment is read through the table alone', () => {
  const readers = repositoryFiles()
    .filter((file) => /^(origin|db)\/.*\.ts$/.test(file) && !file.endsWith('.test.ts'))
    .filter((file) => /process\.env\b/.test(readText(file)))
  // The frame of every process, and what looks at the terminal.
  expect(readers.sort()).toEqual([
    'origin/role-process.ts',
    'origin/supervisor/index.ts',
    'origin/supervisor/output.ts',
    'origin/supervisor/start-up.ts',
  ])
})

function productSources(): string[] {
  return repositoryFiles()
    .filter((file) => /^(origin|web)\/.*\.ts$/.test(file) && !/\.test\.ts$|^origin\/config/.test(file))
    .map(readText)
}

function edgeSource(): string {
  return repositoryFiles()
    .filter((file) => /^edge\/src\/.*\.ts$/.test(file) && !file.endsWith('.test.ts'))
    .map(readText)
    .join('\n')
}
