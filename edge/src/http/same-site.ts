/**
 * Whether a request that a browser sent comes from one of the site's own pages. Programs that are no browsers send
 * neither header and hold no visitor's cookie.
 */
export function isSameSite(headers: Headers, publicUrl: string): boolean {
  const fetchSite = headers.get('sec-fetch-site')
  if (fetchSite !== null) return fetchSite === 'same-origin' || fetchSite === 'none'
  const origin = headers.get('origin')
  return origin === null || origin === new URL(publicUrl).origin
}
