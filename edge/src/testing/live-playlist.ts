export interface TestPlaylist {
  /** First segment that is listed. */
  first?: number
  /** Finished segments. */
  segments: number
  /** Parts of the newest finished segment. */
  finishedParts?: number
  /** Parts of the one being written. */
  parts?: number
  skipped?: number
  partTarget?: string
  ended?: boolean
}

/** A low-latency media playlist, as origins write them (RFC 8216bis). */
export function livePlaylist({
  first = 0,
  segments,
  finishedParts = 0,
  parts = 0,
  skipped = 0,
  partTarget = '0.210',
  ended = false,
}: TestPlaylist): string {
  const part = (number: number) => `#EXT-X-PART:DURATION=0.20000,URI="../../m/t/source/1/p${number}.m4s"`
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    '#EXT-X-TARGETDURATION:4',
    '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.630,CAN-SKIP-UNTIL=24.0',
    `#EXT-X-PART-INF:PART-TARGET=${partTarget}`,
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    ...(skipped > 0 ? [`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`] : []),
  ]
  for (let index = skipped; index < segments; index++) {
    if (index === segments - 1) for (let p = 0; p < finishedParts; p++) lines.push(part(p))
    lines.push('#EXTINF:2.00000,', `../../m/t/source/1/s${first + index}.m4s`)
  }
  for (let p = 0; p < parts; p++) lines.push(part(100 + p))
  lines.push(ended ? '#EXT-X-ENDLIST' : '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="../../m/t/source/1/p200.m4s"')
  return `${lines.join('\n')}\n`
}

/** The playlist as an origin answers it. */
export function playlistResponse(playlist: TestPlaylist, headers: Record<string, string> = {}): Response {
  const type = { 'content-type': 'application/vnd.apple.mpegurl', 'cache-control': 'no-store' }
  return new Response(livePlaylist(playlist), { headers: { ...type, ...headers } })
}
