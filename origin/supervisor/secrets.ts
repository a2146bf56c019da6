import { generateKeyPairSync, randomBytes } from 'node:crypto'
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
export function openSecrets(dataDir: string): Secrets {
  const folder = join(dataDir, 'secrets')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  const serviceToken = keep(join(folder, 'service-token'), () => randomBytes(32).toString('base64url'))
  const edgePrivateJwk = keep(join(folder, 'edge-key.json'), makeEdgeKey)
  return {
    serviceToken,
    edgePrivateJwk,
    edgePublicJwks: JSON.stringify({ keys: [publicPart(edgePrivateJwk)] }),
  }
}

function keep(file: string, make: () => string): string {
  if (!existsSync(file)) {
    // Whole or not at all: a start that is cut short leaves no half secret.
    writeFileSync(`${file}.new`, make(), { mode: 0o600 })
    renameSync(`${file}.new`, file)
  }
  return readFileSync(file, 'utf8')
}

function makeEdgeKey(): string {
  const { privateKey } = generateKeyPairSync('ed25519')
  const kid = randomBytes(9).toString('base64url')
  return JSON.stringify({ ...privateKey.export({ format: 'jwk' }), kid, alg: 'EdDSA', use: 'sig' })
}

function publicPart(privateJwk: string): Record<string, unknown> {
  const { d: _, ...open } = JSON.parse(privateJwk) as Record<string, unknown>
  return open
}
