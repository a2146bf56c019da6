import { PortError } from '../error.ts'
import { KV_BATCH_MAX_KEYS, KV_KEY_MAX_BYTES, KV_VALUE_MAX_BYTES } from './port.ts'

/** 100 years: longer is a mistake in a unit. */
const TTL_MAX_MS = 100 * 365 * 86_400_000

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
const CONTROL = /[\u0000-\u001f\u007f]/

/** @throws PortError `invalid` for a key that no adapter takes */
export function checkKey(key: string): void {
  if (key === '') throw new PortError('kv', 'invalid', 'a key is empty')
  if (CONTROL.test(key) || !key.isWellFormed()) {
    throw new PortError(
      'kv',
      'invalid',
      `key ${JSON.stringify(key.slice(0, 80))} has characters that aren't text`,
    )
  }
  if (Buffer.byteLength(key) > KV_KEY_MAX_BYTES) {
    throw new PortError(
      'kv',
      'invalid',
      `key ${JSON.stringify(key.slice(0, 80))}... is over ${KV_KEY_MAX_BYTES} bytes`,
    )
  }
}

/** @throws PortError `invalid` for a bad key or too many of them */
export function checkKeys(keys: readonly string[]): void {
  if (keys.length > KV_BATCH_MAX_KEYS) {
    throw new PortError('kv', 'invalid', `${keys.length} keys in one call, ${KV_BATCH_MAX_KEYS} at most`)
  }
  for (const key of keys) checkKey(key)
}

/** @throws PortError `too-large` or `invalid` */
export function checkValue(value: string): void {
  if (Buffer.byteLength(value) > KV_VALUE_MAX_BYTES) {
    throw new PortError('kv', 'too-large', `a value is over ${KV_VALUE_MAX_BYTES} bytes`)
  }
  if (!value.isWellFormed()) throw new PortError('kv', 'invalid', 'a value is not well-formed text')
}

/** @throws PortError `invalid` */
export function checkTtl(ttlMs: number | undefined): void {
  if (ttlMs !== undefined && !(ttlMs > 0 && ttlMs <= TTL_MAX_MS)) {
    throw new PortError('kv', 'invalid', `ttlMs is ${ttlMs}`)
  }
}

/** @throws PortError `invalid` */
export function checkStep(by: number): void {
  if (!Number.isSafeInteger(by))
    throw new PortError('kv', 'invalid', `an increment by ${by} is no whole number`)
}
