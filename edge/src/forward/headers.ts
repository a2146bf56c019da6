import {
  CLIENT_ADDRESS_HEADER,
  CLIENT_HOST_HEADER,
  CLIENT_SCHEME_HEADER,
  REQUEST_ID_HEADER,
} from '@streamtube/contracts/headers.ts'

/** Headers between two neighbours only (RFC 9110, 7.6.1), with the older ones that mean the same. */
const HOP_BY_HOP = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** What a client might say to pass for somebody else, or for an edge. */
const CLAIMS_OF_PROXIES = new Set([
  'cf-connecting-ip',
  'forwarded',
  'true-client-ip',
  'via',
  'x-client-ip',
  'x-real-ip',
  REQUEST_ID_HEADER,
])

/** The client as the edge itself knows it. */
export interface Client {
  address: string
  scheme: 'http' | 'https'
  host: string
  requestId: string
}

/** Headers for the server behind: the client's without what isn't his to say, and what the edge knows of him. */
export function requestHeaders(original: Headers, client: Client): Headers {
  const headers = withoutHopByHop(original)
  for (const name of [...headers.keys()]) {
    if (CLAIMS_OF_PROXIES.has(name) || /^x-(?:forwarded|streamtube)-/.test(name)) headers.delete(name)
  }
  headers.delete('host')
  // Neighbours talk uncompressed; the edge compresses for its clients.
  headers.set('accept-encoding', 'identity')
  headers.set(CLIENT_ADDRESS_HEADER, client.address)
  headers.set(CLIENT_SCHEME_HEADER, client.scheme)
  headers.set(CLIENT_HOST_HEADER, client.host)
  headers.set(REQUEST_ID_HEADER, client.requestId)
  return headers
}

/** Headers for the client: the server's without those between neighbours and those that tell what it runs on. */
export function responseHeaders(original: Headers): Headers {
  const headers = withoutHopByHop(original)
  headers.delete('server')
  headers.delete('x-powered-by')
  // `fetch` has decoded the body, so its length is another.
  if (headers.has('content-encoding')) {
    headers.delete('content-encoding')
    headers.delete('content-length')
  }
  return headers
}

function withoutHopByHop(original: Headers): Headers {
  const named = (original.get('connection') ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
  const headers = new Headers()
  for (const [name, value] of original) {
    if (!HOP_BY_HOP.has(name) && !named.includes(name)) headers.append(name, value)
  }
  return headers
}
