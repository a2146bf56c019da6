/** Nothing may be loaded or framed: for whatever brings no policy of its own. */
const STRICT_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
/** A script file's policy holds for the worker made from it, which may talk to its own site. */
const SCRIPT_CSP = "default-src 'self'; frame-ancestors 'none'"

const PERMISSIONS = [
  'autoplay=(self)',
  'camera=(self)',
  'display-capture=(self)',
  'fullscreen=(self)',
  'geolocation=()',
  'microphone=(self)',
  'payment=()',
  'picture-in-picture=(self)',
  'usb=()',
].join(', ')

const YEAR_SECONDS = 31_536_000

/**
 * Sets the headers that keep a browser safe. A page's own policy stays, since its hashes are of the page; it is
 * only told who may frame it.
 * @param https whether people reach the site by https: then browsers are told to stay with it
 */
export function secureHeaders(headers: Headers, https: boolean): void {
  headers.set('x-content-type-options', 'nosniff')
  // `no-referrer` would make browsers send `Origin: null` with the site's own forms.
  headers.set('referrer-policy', 'same-origin')
  headers.set('permissions-policy', PERMISSIONS)
  headers.set('cross-origin-opener-policy', 'same-origin')
  setDefault(headers, 'cross-origin-resource-policy', 'same-origin')
  headers.set('content-security-policy', contentSecurityPolicy(headers))
  if (https) headers.set('strict-transport-security', `max-age=${YEAR_SECONDS}`)
}

function contentSecurityPolicy(headers: Headers): string {
  const own = headers.get('content-security-policy')
  if (own !== null) return own.includes('frame-ancestors') ? own : `${own}; frame-ancestors 'self'`
  return headers.get('content-type')?.includes('javascript') ? SCRIPT_CSP : STRICT_CSP
}

function setDefault(headers: Headers, name: string, value: string): void {
  if (!headers.has(name)) headers.set(name, value)
}
