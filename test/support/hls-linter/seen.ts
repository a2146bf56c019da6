/** A playlist that came in, whole. */
export interface SeenPlaylist {
  /** With the query that it was asked with: `_HLS_msn`, `_HLS_part` and `_HLS_skip` say what the answer must have. */
  url: string
  text: string
  /** When it was there, on any clock that only goes forward. */
  atMs: number
  /** When it was asked for, where that is known. */
  askedAtMs?: number
  /** The edge said that it is an old one, because the origin is away (MEDIA 23). */
  stale?: boolean
}
