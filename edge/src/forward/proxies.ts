import { CLIENT_ADDRESS_HEADER, CLIENT_SCHEME_HEADER } from '@streamtube/contracts/headers.ts'
import { type AddressRange, isWithin, parseAddress } from '../http/addresses.ts'

/** Who asks, as far as it can be believed. */
export interface Origin {
  address: string
  /** Undefined where no proxy that is trusted says. */
  scheme: 'http' | 'https' | undefined
}

/**
 * Finds the client behind the proxies in front of the site. Each adds the address that it saw at the end of a list, so
 * the client is the last one that is no trusted proxy: whatever stands before it, the client wrote.
 * @param remoteAddress of the connection
 */
export function clientBehind(
  remoteAddress: string,
  headers: Headers,
  trusted: readonly AddressRange[],
): Origin {
  const isTrusted = (text: string) => {
    const address = parseAddress(text)
    return address !== null && isWithin(address, trusted)
  }
  if (trusted.length === 0 || !isTrusted(remoteAddress)) return { address: remoteAddress, scheme: undefined }
  const seen = listOf(headers.get(CLIENT_ADDRESS_HEADER))
  const scheme = listOf(headers.get(CLIENT_SCHEME_HEADER)).at(-1)
  let address = remoteAddress
  while (isTrusted(address)) {
    const before = seen.pop()
    if (before === undefined || parseAddress(before) === null) break
    address = before
  }
  return { address, scheme: scheme === 'http' || scheme === 'https' ? scheme : undefined }
}

function listOf(header: string | null): string[] {
  return (header ?? '').split(',').map((entry) => entry.trim())
}
