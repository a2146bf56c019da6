import { newId } from '@streamtube/contracts/ids.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { importSigningKey } from '../keys/jwt.ts'
import { makePrivateJwk, START_MS, TIMELINE, VIDEO } from '../testing/test-edge.ts'
import { PlaybackTokens } from './tokens.ts'

const grant = {
  kind: 'vod',
  assetId: VIDEO,
  timelineId: TIMELINE,
  viewerId: undefined,
  sessionId: undefined,
  maxHeight: undefined,
  ttlSeconds: 0,
  decidedAtMs: START_MS,
} as const

async function createTokens(privateJwk?: string) {
  const key = await importSigningKey(privateJwk ?? (await makePrivateJwk()))
  const revocations = { allows: () => true, admit: async () => undefined }
  return new PlaybackTokens({ key, newId, nowMs: () => START_MS, revocations })
}

test('whatever stands in its place, a text that was not signed here is refused', async () => {
  const tokens = await createTokens()
  const { token } = await tokens.issue(grant)
  const touched = fc
    .tuple(fc.nat(token.length - 1), fc.string({ minLength: 0, maxLength: 3 }))
    .map(([at, text]) => token.slice(0, at) + text + token.slice(at + 1))
    .filter((text) => text !== token)
  const anything = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 2000 }), touched)
  await fc.assert(
    fc.asyncProperty(anything, async (text) => {
      expect(tokens.known(text)).toBeUndefined()
      const fault = await tokens.check(text).then(
        () => 'accepted',
        ({ code }) => code,
      )
      // A signature's last character has bits that say nothing: the same signature in another spelling.
      if (fault === 'accepted') expect(text.slice(0, -1)).toBe(token.slice(0, -1))
      else expect(['malformed', 'forged', 'expired']).toContain(fault)
    }),
    { numRuns: 500 },
  )
})

test('a token of a key with the same name is refused', async () => {
  const [ours, theirs] = await Promise.all([createTokens(), createTokens()])
  const { token } = await theirs.issue(grant)
  await expect(ours.check(token)).rejects.toMatchObject({ code: 'forged' })
})

test('a key with another name is another key', async () => {
  const jwk = JSON.parse(await makePrivateJwk('one'))
  const [one, two] = await Promise.all([
    createTokens(JSON.stringify(jwk)),
    createTokens(JSON.stringify({ ...jwk, kid: 'two' })),
  ])
  const { token } = await one.issue(grant)
  await expect(two.check(token)).rejects.toMatchObject({ code: 'forged' })
  await expect(one.check(token)).resolves.toMatchObject({ ast: VIDEO })
})

test.each(['', '{}', 'no json', '{"kty":"RSA"}'])(
  'a key that is none (%j) is named without being shown',
  async (text) => {
    await expect(importSigningKey(text)).rejects.toThrow(/^EDGE_PRIVATE_JWK must be/)
  },
)
