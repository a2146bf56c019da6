import type { SeenPlaylist } from './seen.ts'

// A broadcast's playlists as they should be, made without any of StreamTube's own code: what the linter is tested with.

/** Where the made broadcast is. */
export const BASE = 'https://edge.example.org/p/token/live/b/'

const START = Date.UTC(2026, 10, 22, 14)
const PARTS = 10
const SEGMENT_MS = 2000
/** Segments that are listed, and those of them with parts. */
const WINDOW = 18
const WITH_PARTS = 6
/** Those that a delta update lists: 24 s. */
const DELTA = 12
/** The encoder went away in this segment; the next is another epoch's, five seconds later. */
const GAP = 6
const SECOND_EPOCH = 7
const SEGMENTS = 28

const MASTER = `#EXTM3U
#EXT-X-VERSION:9
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio.m3u8"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="CC1",DEFAULT=YES,AUTOSELECT=YES,INSTREAM-ID="CC1"
#EXT-X-STREAM-INF:BANDWIDTH=2930000,AVERAGE-BANDWIDTH=2728000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="audio",CLOSED-CAPTIONS="cc"
source.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=930000,AVERAGE-BANDWIDTH=728000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970,AUDIO="audio",CLOSED-CAPTIONS="cc"
360p.m3u8
`

type Rendition = 'source' | '360p' | 'audio'
const RENDITIONS: readonly Rendition[] = ['source', '360p', 'audio']

/** How far a broadcast has come: finished segments, and parts of the next. */
interface Progress {
  finished: number
  parts: number
  ended?: boolean
}

/** The reloads of a good broadcast in order: with a gap, a second epoch, delta updates and an end. */
export function goodStream(): SeenPlaylist[] {
  const reloads: SeenPlaylist[] = [{ url: `${BASE}master.m3u8`, text: MASTER, atMs: 0 }]
  const add = (progress: Progress) => {
    const { finished, parts, ended } = progress
    const atMs = finished * SEGMENT_MS + parts * 200 + (ended ? 1 : 0)
    for (const id of RENDITIONS) {
      // One that is looked at now and then only.
      if (id === '360p' && parts !== 4 && !ended) continue
      const skip = finished >= 16 && id !== '360p'
      const query = `?_HLS_msn=${finished - (parts === 0 ? 1 : 0)}&_HLS_part=${parts === 0 ? PARTS - 1 : parts - 1}${skip ? '&_HLS_skip=YES' : ''}`
      const asked = finished > 0 && finished - (parts === 0 ? 1 : 0) !== GAP && !ended ? query : ''
      reloads.push({ url: `${BASE}${id}.m3u8${asked}`, text: mediaText(id, progress, skip), atMs })
    }
  }
  for (let finished = 0; finished < SEGMENTS; finished++) {
    if (finished > 0) add({ finished, parts: 0 })
    if (finished === GAP) continue
    for (const parts of [1, 4, 9]) add({ finished, parts })
  }
  add({ finished: SEGMENTS, parts: 0, ended: true })
  return reloads
}

function mediaText(id: Rendition, { finished, parts, ended = false }: Progress, skip: boolean): string {
  const first = Math.max(0, finished - WINDOW)
  const skipped = skip && !ended ? Math.max(0, finished - DELTA - first) : 0
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    '#EXT-X-TARGETDURATION:4',
    '#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=0.630,HOLD-BACK=12.0,CAN-SKIP-UNTIL=24.0',
    '#EXT-X-PART-INF:PART-TARGET=0.210',
    `#EXT-X-MEDIA-SEQUENCE:${first}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${first > SECOND_EPOCH ? 3 : 2}`,
  ]
  if (skipped > 0) lines.push(`#EXT-X-SKIP:SKIPPED-SEGMENTS=${skipped}`)
  for (let n = first + skipped; n < finished; n++) {
    lines.push(...tagsOf(id, n, n === first + skipped))
    if (n >= finished - WITH_PARTS) lines.push(...partsOf(id, n, PARTS))
    lines.push('#EXTINF:2.00000,', `${folder(id, n)}/s${n}.m4s`)
  }
  if (ended) return `${[...lines, '#EXT-X-ENDLIST'].join('\n')}\n`
  if (parts > 0) lines.push(...tagsOf(id, finished, finished === 0), ...partsOf(id, finished, parts))
  const next =
    parts === 0 && finished === SECOND_EPOCH ? `${folder(id, GAP)}/p60.m4s` : partUri(id, finished, parts)
  lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="${next}"`)
  const wasGap = finished - 1 === GAP
  const last =
    parts > 0 ? `${finished},LAST-PART=${parts - 1}` : `${finished - 1},LAST-PART=${wasGap ? 0 : PARTS - 1}`
  for (const other of RENDITIONS.filter((rendition) => rendition !== id)) {
    lines.push(`#EXT-X-RENDITION-REPORT:URI="${other}.m3u8",LAST-MSN=${last}`)
  }
  return `${lines.join('\n')}\n`
}

function epochOf(n: number): 1 | 2 {
  return n < SECOND_EPOCH ? 1 : 2
}

function folder(id: Rendition, n: number): string {
  return `../../m/b/${id}/${epochOf(n)}`
}

function tagsOf(id: Rendition, n: number, isFirst: boolean): string[] {
  const late = (epochOf(n) === 2 ? 5000 : 0) + (id === 'audio' ? 15 : 0)
  return [
    ...(n === SECOND_EPOCH ? ['#EXT-X-DISCONTINUITY'] : []),
    ...(isFirst || n === SECOND_EPOCH ? [`#EXT-X-MAP:URI="${folder(id, n)}/init.mp4"`] : []),
    `#EXT-X-PROGRAM-DATE-TIME:${new Date(START + n * SEGMENT_MS + late).toISOString()}`,
    ...(n === GAP ? ['#EXT-X-GAP'] : []),
  ]
}

function partsOf(id: Rendition, n: number, count: number): string[] {
  if (n === GAP) return []
  return Array.from({ length: count }, (_, part) => {
    const independent = part === 0 || id === 'audio' ? ',INDEPENDENT=YES' : ''
    return `#EXT-X-PART:DURATION=0.20000,URI="${partUri(id, n, part)}"${independent}`
  })
}

function partUri(id: Rendition, n: number, part: number): string {
  const firstOfEpoch = epochOf(n) === 1 ? 0 : SECOND_EPOCH
  return `${folder(id, n)}/p${(n - firstOfEpoch) * PARTS + part}.m4s`
}
