import { isIPv6 } from 'node:net'
import { countOrRefuse } from '../http/counted.ts'
import type { Kv } from '../ports/kv/port.ts'
import { tokenHash } from '../tokens.ts'

const WINDOW_MS = 10 * 60 * 1000
/** Wrong passwords for one account, from wherever. */
export const MAX_GUESSES_PER_ACCOUNT = 10
/** Wrong passwords and links from one address, for whatever account. */
export const MAX_GUESSES_PER_ADDRESS = 50
/** Accounts made from one address: each costs a slow hash. */
const MAX_SIGN_UPS_PER_ADDRESS = 50

/** Slows guessing down. Counts before the guess is checked, so that guesses at once don't slip through. */
export interface Guesses {
  /** @param account person id, or the login as typed where nobody has it. @throws ApiError 429 with Retry-After */
  countSignIn(account: string, address: string): Promise<void>
  /** The guess was right: it is taken back. */
  forgiveSignIn(account: string, address: string): Promise<void>
  /** @throws ApiError 429 with Retry-After */
  countAddress(address: string): Promise<void>
  forgiveAddress(address: string): Promise<void>
  /** @throws ApiError 429 with Retry-After */
  countSignUp(address: string): Promise<void>
}

/** Guess counters in the kv port, in fixed windows of 10 minutes. */
export function createGuesses(kv: Kv): Guesses {
  const count = (key: string, limit: number) => countOrRefuse(kv, key, { limit, windowMs: WINDOW_MS })
  const forgive = (key: string) => kv.increment(key, { by: -1, ttlMs: WINDOW_MS })
  const accountKey = (account: string) => `guess:account:${tokenHash(account)}`
  const addressKey = (address: string) => `guess:address:${networkOf(address)}`
  return {
    async countSignIn(account, address) {
      await count(addressKey(address), MAX_GUESSES_PER_ADDRESS)
      await count(accountKey(account), MAX_GUESSES_PER_ACCOUNT)
    },
    async forgiveSignIn(account, address) {
      await forgive(addressKey(address))
      await kv.delete([accountKey(account)])
    },
    countAddress: (address) => count(addressKey(address), MAX_GUESSES_PER_ADDRESS),
    async forgiveAddress(address) {
      await forgive(addressKey(address))
    },
    countSignUp: (address) => count(`sign-up:address:${networkOf(address)}`, MAX_SIGN_UPS_PER_ADDRESS),
  }
}

/** One household has one IPv4 address, or a /64 of IPv6 addresses: those count as one. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return address
  const [head = '', tail] = address.toLowerCase().split('%')[0]?.split('::') ?? []
  const left = head === '' ? [] : head.split(':')
  const right = tail ? tail.split(':') : []
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right]
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
