import { PortError } from '../error.ts'
import { BLOB_BATCH_MAX_KEYS, BLOB_KEY_MAX_CHARS } from './port.ts'

const SEGMENT = /^[a-z0-9][a-z0-9._-]{0,127}$/

/**
 * True for a key: segments of lower-case letters, digits, `.`, `_` and `-` that begin with a letter or digit, joined by
 * `/`. So no key leaves its folder, hides a file, or is another one on a file system that ignores case.
 */
export function isBlobKey(key: string): boolean {
  return key.length <= BLOB_KEY_MAX_CHARS && key.split('/').every((segment) => SEGMENT.test(segment))
}

/** @throws PortError `invalid` */
export function checkBlobKey(key: string): void {
  if (!isBlobKey(key))
    throw new PortError('blobs', 'invalid', `${JSON.stringify(key.slice(0, 80))} is no key`)
}

/** @throws PortError `invalid` for a bad key or too many of them */
export function checkBlobKeys(keys: readonly string[]): void {
  if (keys.length > BLOB_BATCH_MAX_KEYS) {
    throw new PortError('blobs', 'invalid', `${keys.length} keys in one call, ${BLOB_BATCH_MAX_KEYS} at most`)
  }
  for (const key of keys) checkBlobKey(key)
}
