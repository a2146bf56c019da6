import { type Database, schema } from '@streamtube/db/index.ts'
import { eq } from 'drizzle-orm'
import { secretsEqual, tokenHash } from '../tokens.ts'
import type { ChannelRow } from './channels.ts'

const { channels, streamKeys } = schema

const BASE32 = '0123456789abcdefghjkmnpqrstvwxyz'
const KEY_BYTES = 20

/** Makes a stream key: `st_` and 160 bits in base 32, so that a double click selects it whole. @param random 20 bytes */
export function makeStreamKey(random: Uint8Array): string {
  let bits = 0
  let value = 0
  let key = 'st_'
  for (const byte of random.subarray(0, KEY_BYTES)) {
    value = ((value << 8) | byte) & 0xfff
    bits += 8
    while (bits >= 5) {
      bits -= 5
      key += BASE32[(value >>> bits) & 31]
    }
  }
  return key
}

/** What is shown of a key after the first time. */
export function maskKey(lastFour: string): string {
  return `st_${'•'.repeat(12)}${lastFour}`
}

/**
 * Gives a channel its key. An older one stops working at once: whoever publishes with it is told to end by the next
 * answer to its reports, since its key is gone.
 */
export async function setStreamKey(
  db: Database,
  about: { id: string; channelId: string; key: string; at: Date },
): Promise<void> {
  const fresh = {
    id: about.id,
    keyHash: tokenHash(about.key),
    lastFour: about.key.slice(-4),
    createdAt: about.at,
  }
  await db
    .insert(streamKeys)
    .values({ channelId: about.channelId, ...fresh })
    .onConflictDoUpdate({ target: streamKeys.channelId, set: fresh })
}

/** The channel that a key publishes to, and which key it is; null for an unknown key. @param keyHash hex SHA-256 */
export async function channelOfKey(
  db: Database,
  keyHash: string,
): Promise<{ channel: ChannelRow; keyId: string } | null> {
  const [row] = await db
    .select({ channel: channels, keyId: streamKeys.id, keyHash: streamKeys.keyHash })
    .from(streamKeys)
    .innerJoin(channels, eq(channels.id, streamKeys.channelId))
    .where(eq(streamKeys.keyHash, keyHash))
  if (!row || !secretsEqual(keyHash, row.keyHash)) return null
  return { channel: row.channel, keyId: row.keyId }
}
