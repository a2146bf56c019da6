import { PortError, type PortName } from './error.ts'

const DEPTH_MAX = 32

/**
 * Turns a value into JSON that every engine stores and gives back the same.
 * @throws PortError `invalid` for what JSON or an engine can't hold (NaN, NUL characters, half surrogate pairs, cycles),
 * `too-large` over `maxBytes`
 */
export function toJson(port: PortName, value: unknown, maxBytes: number): string {
  if (!isStorable(value, 0)) throw new PortError(port, 'invalid', 'a value is no plain JSON')
  const json = JSON.stringify(value)
  if (Buffer.byteLength(json) > maxBytes)
    throw new PortError(port, 'too-large', `a value is over ${maxBytes} bytes`)
  return json
}

function isStorable(value: unknown, depth: number): boolean {
  if (depth > DEPTH_MAX) return false
  if (value === null || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (typeof value === 'string') return isText(value)
  if (Array.isArray(value)) return value.every((item) => isStorable(item, depth + 1))
  if (typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return false
  return Object.entries(value).every(([name, item]) => isText(name) && isStorable(item, depth + 1))
}

function isText(text: string): boolean {
  return text.isWellFormed() && !text.includes('\u0000')
}
