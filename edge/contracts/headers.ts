/**
 * Names of the headers between an edge and the servers behind it. A client's own are dropped at the edge: whoever is
 * behind it may believe these only beside a valid `EDGE_TOKEN_HEADER`.
 */

/** Proof that a request comes from an edge: a JWT with `edgeClaimsSchema` (claims.ts). */
export const EDGE_TOKEN_HEADER = 'x-streamtube-edge'

/** Made at the edge, in the answer and in every log line of the request. */
export const REQUEST_ID_HEADER = 'x-request-id'

/** The viewer's address as the edge saw it: one address, not a list. */
export const CLIENT_ADDRESS_HEADER = 'x-forwarded-for'

/** `http` or `https`, as the viewer's browser sees it. */
export const CLIENT_SCHEME_HEADER = 'x-forwarded-proto'

/** The host the viewer asked for. */
export const CLIENT_HOST_HEADER = 'x-forwarded-host'

/**
 * On an origin's live playlist that was waited for: when the last frame of its newest part came in, in milliseconds
 * since the Unix epoch, perhaps with decimals. From an origin to an edge only, which measures how late the part is listed.
 */
export const PART_AT_HEADER = 'x-streamtube-part-at'

/** On what an edge answers while the server behind is away: the last it knew, so many seconds old (MEDIA.md 23). */
export const STALE_HEADER = 'x-streamtube-stale'

/** Name of the cookie that holds the session: with the `__Host-` prefix wherever the site is https. */
export function sessionCookieName(publicUrl: string): string {
  return publicUrl.startsWith('https:') ? '__Host-session' : 'session'
}
