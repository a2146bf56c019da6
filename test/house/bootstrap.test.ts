import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { expect, test } from 'vitest'
import { readText, repository, repositoryFiles } from '../support/source-files.ts'

const files = repositoryFiles().filter((file) => /^infra\/bootstrap\/[^/]+\.mjs$/.test(file))

test('the bootstrap is plain JavaScript for the machine’s own Node', () => {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((path) => !path.includes('node_modules'))
  const node = folders.map((path) => join(path, 'node')).find(existsSync) ?? process.execPath
  expect(files).toContain('infra/bootstrap/start.mjs')
  for (const file of files) execFileSync(node, ['--check', join(repository, file)], { stdio: 'pipe' })
})

test.each(files)('%s uses nothing that Node 20 lacks', (file) => {
  const newer =
    /withResolvers|import\.meta\.(dirname|filename|main)\b|\.groupBy\(|globSync|\bnavigator\b|\bWebSocket\b/
  expect(readText(file)).not.toMatch(newer)
})
