import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What the parts of one installation share. Made at the first start; there are no defaults. */
export interface Secrets {
  serviceToken: string
  /** JSON of an Ed25519 JWK with `kid`. */
  edgePrivateJwk: string
  /** JSON of a JWK set. */
  edgePublicJwks: string
}

/** Reads the secrets under DATA_DIR, making those that are missing (folder 0700, files 0600). */
export async function openSecrets(dataDir: string): Promise<Secrets> {
  const folder = join(dataDir, 'secrets')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  const serviceToken = await keep(join(folder, 'service-token'), async () =>
    Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString('base64url'),
  )
  const edgePrivateJwk = await keep(join(folder, 'edge-key.json'), makeEdgeKey)
  return {
    serviceToken,
    edgePrivateJwk,
    edgePublicJwks: JSON.stringify({ keys: [publicPart(edgePrivateJwk)] }),
  }
}

async function keep(file: string, make: () => Promise<string>): Promise<string> {
  if (!existsSync(file)) {
    // Whole or not at all: a start that is cut short leaves no half secret.
    writeFileSync(`${file}.new`, await make(), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  return readFileSync(file, 'utf8')
}

async function makeEdgeKey(): Promise<string> {
  const pair = await crypto.subtle.generateKey({ name: 'Ed25519' }, true, ['sign', 'verify'])
  if (!('privateKey' in pair)) throw new Error('WebCrypto made no key pair')
  const { kty, crv, x, d } = await crypto.subtle.exportKey('jwk', pair.privateKey)
  const kid = Buffer.from(crypto.getRandomValues(new Uint8Array(9))).toString('base64url')
  return JSON.stringify({ kty, crv, x, d, kid, alg: 'EdDSA', use: 'sig' })
}

function publicPart(privateJwk: string): Record<string, unknown> {
  const { d: _, ...open } = JSON.parse(privateJwk) as Record<string, unknown>
  return open
}
