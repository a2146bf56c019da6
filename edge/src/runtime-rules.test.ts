import { readdirSync, readFileSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { join, relative } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')
const files = readdirSync(root, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && /\.ts$/.test(entry.name) && !/\.test\.ts$|\.d\.ts$/.test(entry.name))
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((path) => !relative(root, path).startsWith('node_modules'))

const imports = (text: string) =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g)].map(([, name]) => name ?? '')

test('nothing of the edge imports a part of Node', () => {
  const builtins = new Set(builtinModules)
  const guilty = files.flatMap((path) =>
    imports(readFileSync(path, 'utf8'))
      .filter((name) => name.startsWith('node:') || builtins.has(name.split('/')[0] ?? ''))
      .map((name) => `${relative(root, path)}: ${name}`),
  )
  expect(files.length).toBeGreaterThan(30)
  expect(guilty).toEqual([])
})

test('only the rims know their runtime', () => {
  const guilty = files.filter(
    (path) =>
      !/\.(deno|workers)\.ts$/.test(path) &&
      /\b(?:Deno|process|Buffer|require|__dirname|caches\.default)\s*[.(]/.test(
        readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, ''),
      ),
  )
  expect(guilty.map((path) => relative(root, path))).toEqual([])
})

test('the library behind tokens is known to one file', () => {
  const users = files.filter((path) =>
    imports(readFileSync(path, 'utf8')).some((name) => name.startsWith('jose')),
  )
  expect(users.map((path) => relative(root, path))).toEqual([join('src', 'keys', 'jwt.ts')])
})
