import { expect, test } from 'vitest'
import { readText, repositoryFiles } from '../support/source-files.ts'

const files = repositoryFiles()
const texts = files.filter((file) =>
  /\.(ts|mjs|js|svelte|json|md|sh|yml|yaml|html|css|proto|sql)$|^\.ci\//.test(file),
)

test('no path of a developer’s machine stands in the repository', () => {
  const machine = /(?<![\w.-])\/(?:home|Users|root|work)\/[\w.-]+/
  const found = texts.filter((file) => file !== 'package-lock.json' && machine.test(readText(file)))
  expect(found).toEqual([])
})

test('the top level holds what belongs there and nothing else', () => {
  const top = new Set(files.map((file) => file.split('/')[0]))
  const allowed = ['edge', 'origin', 'media-node', 'web', 'db', 'test', 'infra', '.github', '.ci']
  const tools = [
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'README.md',
    'LICENSE',
    '.gitignore',
    'biome.json',
  ]
  const more = ['vitest.config.ts', 'knip.json', '.dependency-cruiser.mjs', '.dockerignore', '.npmrc']
  expect([...top].filter((name) => ![...allowed, ...tools, ...more].includes(name ?? ''))).toEqual([])
})

test('npm scripts begin with the bootstrap, which runs where no package is there yet', () => {
  const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> }
  const others = Object.entries(scripts).filter(([, line]) => !/^(exec )?node infra\/bootstrap\//.test(line))
  expect(others.map(([name]) => name)).toEqual(['format'])
})

test('nothing is left for later in the code', () => {
  const marks = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\\b|@ts-${'ignore'}`)
  const found = texts.filter(
    (file) => /\.(ts|mjs|svelte)$/.test(file) && !file.includes('/gen/') && marks.test(readText(file)),
  )
  expect(found).toEqual([])
})
