import { expect, test } from 'vitest'
import { isInstalled } from './packages.mjs'

const entry = (version: string, more = {}) => ({ version, integrity: `sha512-${version}`, ...more })
const lock = (packages: object) => JSON.stringify({ packages: { '': {}, edge: {}, ...packages } })

test('packages are there when npm’s own list says what the lock says', () => {
  expect(isInstalled(lock({ 'node_modules/a': entry('1') }), lock({ 'node_modules/a': entry('1') }))).toBe(
    true,
  )
})

test.each([
  ['nothing was installed', null],
  ['one is missing', lock({})],
  ['one has another version', lock({ 'node_modules/a': entry('2') })],
])('packages are installed when %s', (_, installed) => {
  expect(isInstalled(lock({ 'node_modules/a': entry('1') }), installed)).toBe(false)
})

test('a package for another system may be missing', () => {
  expect(isInstalled(lock({ 'node_modules/a': entry('1', { optional: true }) }), lock({}))).toBe(true)
})
