import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSecrets } from './secrets.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamtube-secrets-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('secrets are made once and stay', () => {
  expect(openSecrets(folder)).toEqual(openSecrets(folder))
})

test('two installations share no secret', () => {
  const other = openSecrets(join(folder, 'other'))
  expect(openSecrets(folder).serviceToken).not.toBe(other.serviceToken)
  expect(openSecrets(folder).edgePrivateJwk).not.toBe(other.edgePrivateJwk)
})

test('only the owner can read them', () => {
  openSecrets(folder)
  const mode = (path: string) => statSync(join(folder, path)).mode & 0o777
  expect(mode('secrets')).toBe(0o700)
  expect(mode('secrets/service-token')).toBe(0o600)
  expect(mode('secrets/edge-key.json')).toBe(0o600)
})

test('what the edge signs can be checked with the public part, which does not hold the private one', () => {
  const { edgePrivateJwk, edgePublicJwks } = openSecrets(folder)
  const [publicJwk] = JSON.parse(edgePublicJwks).keys
  expect(publicJwk).not.toHaveProperty('d')
  expect(publicJwk.kid).toBe(JSON.parse(edgePrivateJwk).kid)
  const signature = sign(
    null,
    Buffer.from('x'),
    createPrivateKey({ key: JSON.parse(edgePrivateJwk), format: 'jwk' }),
  )
  expect(verify(null, Buffer.from('x'), createPublicKey({ key: publicJwk, format: 'jwk' }), signature)).toBe(
    true,
  )
})
