import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { createEdgeTokenVerifier } from './edge-token.ts'

const edge = generateKeyPairSync('ed25519')
const stranger = generateKeyPairSync('ed25519')
const NOW = 1_800_000_000
const jwks = { keys: [{ ...edge.publicKey.export({ format: 'jwk' }), kid: 'edge-1', alg: 'EdDSA' }] }

function makeToken(claims: object, key: KeyObject = edge.privateKey, alg = 'EdDSA'): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const body = `${encode({ alg, kid: 'edge-1' })}.${encode(claims)}`
  return `${body}.${sign(null, Buffer.from(body), key).toString('base64url')}`
}

const good = { aud: 'origin', iss: 'edge', iat: NOW, exp: NOW + 300 }

describe('an edge token', () => {
  const verifier = createEdgeTokenVerifier(jwks, () => (NOW + 1) * 1000)

  test('from an edge is taken, again and again', async () => {
    const token = makeToken(good)
    expect(await verifier.verify(token)).toBe(true)
    expect(await verifier.verify(token)).toBe(true)
  })

  test.each([
    ['nothing', undefined],
    ['an empty one', ''],
    ['no token', 'abc'],
    ['two headers', [makeToken(good), makeToken(good)]],
    ["a stranger's", makeToken(good, stranger.privateKey)],
    ['one signed with nothing', makeToken(good, edge.privateKey, 'none')],
    ['a playback token', makeToken({ ...good, aud: 'playback' })],
    ["another issuer's", makeToken({ ...good, iss: 'api' })],
    ['an expired one', makeToken({ ...good, iat: NOW - 400, exp: NOW - 100 })],
    ['one that lasts for ever', makeToken({ ...good, exp: NOW + 86_400 })],
    ['one without an expiry', makeToken({ aud: 'origin', iss: 'edge', iat: NOW })],
  ])('is refused: %s', async (_, token) => {
    expect(await verifier.verify(token)).toBe(false)
  })

  test('that was remembered is refused once it has expired', async () => {
    let nowMs = NOW * 1000
    const strict = createEdgeTokenVerifier(jwks, () => nowMs)
    const token = makeToken(good)
    expect(await strict.verify(token)).toBe(true)
    nowMs += 320_000
    expect(await strict.verify(token)).toBe(false)
  })
})
