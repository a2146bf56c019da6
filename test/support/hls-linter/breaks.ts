import { BASE } from './made-stream.ts'
import type { SeenPlaylist } from './seen.ts'
import type { RuleId } from './violation.ts'

/** A way to break a rule: a good stream goes in, a bad one comes out. */
export interface Break {
  rule: RuleId
  name: string
  change(stream: SeenPlaylist[]): SeenPlaylist[]
}

type Edit = (text: string) => string

/** Reloads of a rendition whose text has `holding`. */
interface Which {
  id?: 'master' | 'source' | '360p' | 'audio'
  holding?: string | RegExp
  /** Only the nth of them, from 0; -1 for the last. */
  nth?: number
}

function broken(rule: RuleId, name: string, which: Which, edit: Edit): Break {
  return {
    rule,
    name,
    change: (stream) => {
      const chosen = choose(stream, which)
      const edited = stream.map((seen) => (chosen.includes(seen) ? { ...seen, text: edit(seen.text) } : seen))
      if (!edited.some((seen, i) => seen.text !== stream[i]?.text))
        throw new Error(`${name}: nothing changed`)
      return edited
    },
  }
}

function choose(stream: SeenPlaylist[], { id = 'source', holding = '', nth }: Which): SeenPlaylist[] {
  const fits = ({ url, text }: SeenPlaylist) =>
    url.startsWith(`${BASE}${id}.m3u8`) &&
    (typeof holding === 'string' ? text.includes(holding) : holding.test(text))
  const fitting = stream.filter(fits)
  const one = nth === undefined ? undefined : fitting.at(nth)
  const chosen = nth === undefined ? fitting : one ? [one] : []
  if (chosen.length === 0) throw new Error('no reload to break')
  return chosen
}

/** Asked for by other words. */
function asked(rule: RuleId, name: string, which: Which, query: string): Break {
  return {
    rule,
    name,
    change: (stream) => {
      const chosen = choose(stream, which)
      return stream.map((seen) =>
        chosen.includes(seen) ? { ...seen, url: seen.url.replace(/\?.*|$/, query) } : seen,
      )
    },
  }
}

const replace =
  (from: string | RegExp, to: string): Edit =>
  (text) =>
    text.replace(from, to)
const remove = (what: string | RegExp): Edit => replace(what, '')
const insert = (before: string | RegExp, line: string): Edit => replace(before, `${line}\n$&`)

/** A reload in which nothing but parts was added, in the middle of the second epoch. */
const middle: Which = { holding: '/2/p33.m4s"\n#EXT-X-PRELOAD' }
/** Every reload that lists segment 9 whole. */
const ninth: Which = { holding: '/s9.m4s' }
const master: Which = { id: 'master' }
const ended: Which = { holding: 'ENDLIST' }

export const BREAKS: readonly Break[] = [
  broken('syntax-header', 'a first line that is something else', middle, remove('#EXTM3U\n')),
  broken('syntax-line', 'a blank line', middle, insert('#EXTINF', '')),
  broken('syntax-line', 'carriage returns', middle, replace(/\n/g, '\r\n')),
  broken('syntax-line', 'a last line without an end', middle, remove(/\n$/)),
  broken('syntax-tag', 'a tag that nobody knows', middle, insert('#EXTINF', '#EXT-X-NEWS:1')),
  broken('syntax-tag', 'a number that is none', middle, replace('TARGETDURATION:4', 'TARGETDURATION:4.0')),
  broken('syntax-tag', 'a duration without its comma', middle, replace('EXTINF:2.00000,', 'EXTINF:2.00000')),
  broken('syntax-tag', 'a date that is none', middle, replace(/(DATE-TIME:2026)-11/, '$1-13')),
  broken('syntax-tag', 'a date without milliseconds', middle, replace(/(DATE-TIME:.*)\.\d{3}Z/, '$1Z')),
  broken('syntax-attribute', 'an unquoted address', middle, replace(/(PART:.*URI=)"([^"]*)"/, '$1$2')),
  broken(
    'syntax-attribute',
    'an attribute twice',
    middle,
    replace('INDEPENDENT=YES', 'INDEPENDENT=YES,INDEPENDENT=YES'),
  ),
  broken('syntax-attribute', 'an attribute that nobody knows', middle, replace('INDEPENDENT=', 'DEPENDENT=')),
  broken(
    'syntax-attribute',
    'a no where only yes is allowed',
    middle,
    replace('INDEPENDENT=YES', 'INDEPENDENT=NO'),
  ),
  broken('syntax-attribute', 'a blank behind a comma', middle, replace('YES,PART-HOLD', 'YES, PART-HOLD')),
  broken('tag-required', 'no target duration', middle, remove('#EXT-X-TARGETDURATION:4\n')),
  broken('tag-required', 'no part target', middle, remove(/#EXT-X-PART-INF.*\n/)),
  broken('tag-required', 'a part without its duration', middle, replace('DURATION=0.20000,', '')),
  broken('tag-required', 'a segment without its duration', middle, remove('#EXTINF:2.00000,\n')),
  broken('tag-required', 'no hold-back for parts', {}, remove('PART-HOLD-BACK=0.630,')),
  broken('tag-required', 'no blocking reload', {}, remove('CAN-BLOCK-RELOAD=YES,')),
  broken('tag-required', 'a variant without its bandwidth', master, remove(/BANDWIDTH=\d+,/)),
  broken('tag-required', 'a playlist of nothing', middle, () => '#EXTM3U\n'),
  broken('tag-once', 'two target durations', middle, insert('#EXT-X-PART-INF', '#EXT-X-TARGETDURATION:4')),
  broken('tag-order', 'the media sequence behind a segment', middle, (text) =>
    text.replace(/(#EXT-X-MEDIA-SEQUENCE:\d+\n)([\s\S]*?s\d+\.m4s\n)/, '$2$1'),
  ),
  broken('tag-order', 'a date behind a part', middle, (text) =>
    text.replace(/(#EXT-X-PROGRAM-DATE-TIME.*\n)(#EXT-X-PART:.*\n)/, '$2$1'),
  ),
  broken(
    'tag-order',
    'a header behind a part',
    middle,
    insert(/#EXTINF(?=.*\n.*s9\.)/, '#EXT-X-MAP:URI="../../m/b/source/2/init.mp4"'),
  ),
  broken(
    'tag-mixed',
    'a variant in a media playlist',
    middle,
    (text) => `${text}#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1,CODECS="avc1.64001f"\nx.m3u8\n`,
  ),
  broken('uri-unusable', 'another scheme', middle, replace('../../m/b/source/2/s', 'file:///m/b/source/2/s')),
  broken('version-low', 'version 5', {}, replace('VERSION:9', 'VERSION:5')),
  broken('version-low', 'captions in version 3', master, replace('VERSION:9', 'VERSION:3')),
  broken(
    'independent-claimed',
    'in a media playlist',
    middle,
    insert('#EXT-X-PART-INF', '#EXT-X-INDEPENDENT-SEGMENTS'),
  ),
  broken(
    'independent-claimed',
    'in the multivariant playlist',
    master,
    insert('#EXT-X-MEDIA', '#EXT-X-INDEPENDENT-SEGMENTS'),
  ),
  broken('target-changed', 'the part target grows', middle, replace('TARGET=0.210', 'TARGET=0.209')),
  broken('target-changed', 'the target duration grows', middle, replace('DURATION:4', 'DURATION:3')),
  broken('target-changed', 'a hold-back grows', middle, replace('HOLD-BACK=12.0', 'HOLD-BACK=13.0')),
  broken('target-differs', 'sound has another target', { id: 'audio' }, replace('DURATION:4', 'DURATION:3')),
  broken('hold-back-low', 'less than three targets', {}, replace('HOLD-BACK=12.0', 'HOLD-BACK=11.9')),
  broken('part-hold-back-low', 'less than three part targets', {}, replace('BACK=0.630', 'BACK=0.620')),
  broken('part-hold-back-low', 'less than three of another rendition', { id: 'audio' }, (text) =>
    text.replace('TARGET=0.210', 'TARGET=0.220').replace('BACK=0.630', 'BACK=0.660'),
  ),
  broken('skip-boundary-low', 'less than six targets', {}, replace('UNTIL=24.0', 'UNTIL=23.0')),
  broken('segment-long', 'five seconds', ninth, replace(/EXTINF:2.00000(,\n.*s9\.)/, 'EXTINF:4.50000$1')),
  broken('part-long', 'longer than the target', middle, replace('DURATION=0.20000', 'DURATION=0.25000')),
  broken(
    'part-short',
    'a short one in the middle',
    { holding: '/2/p25.m4s' },
    replace(/0.20000(,URI="[^"]*p25\.)/, '0.17000$1'),
  ),
  broken(
    'parts-sum',
    'two parts too few',
    { holding: '/s9.m4s' },
    remove(/#EXT-X-PART:.*p28\.m4s"\n#EXT-X-PART:.*p29\.m4s"\n/),
  ),
  broken(
    'parts-sum',
    'a segment that says less',
    ninth,
    replace(/EXTINF:2.00000(,\n.*s9\.)/, 'EXTINF:1.90000$1'),
  ),
  {
    rule: 'parts-kept',
    name: 'parts of all segments',
    change: (stream) => {
      const partsOf = new Map<string, string>()
      for (const { text } of stream) {
        for (const [, parts = '', uri = ''] of text.matchAll(/((?:#EXT-X-PART:.*\n)+)#EXTINF.*\n(.*)\n/g))
          partsOf.set(uri, parts)
      }
      const listed = (_: string, inf: string, uri: string) => `${partsOf.get(uri) ?? ''}${inf}${uri}\n`
      return stream.map((seen) => ({
        ...seen,
        text: seen.text.replace(/(?:#EXT-X-PART:.*\n)*(#EXTINF.*\n)(.*)\n/g, listed),
      }))
    },
  },
  broken(
    'parts-removed',
    'those of the newest segment',
    { holding: '/2/s9.m4s\n#EXT-X-PRE' },
    remove(/(#EXT-X-PART:.*\n)+(?=#EXTINF.*\n.*s9\.)/),
  ),
  broken(
    'parts-removed',
    'one of the segment that is being written',
    { holding: '/2/p38.m4s"\n#EXT-X-PRELOAD' },
    remove(/(#EXT-X-PART:.*p3[3-8]\.m4s"\n)+/),
  ),
  broken(
    'sequence-back',
    'a lower number',
    { holding: 'SEQUENCE:5', nth: -1 },
    replace('SEQUENCE:5', 'SEQUENCE:4'),
  ),
  broken(
    'sequence-disagrees',
    'one number too many',
    { holding: 'SEQUENCE:5', nth: 1 },
    replace('SEQUENCE:5', 'SEQUENCE:6'),
  ),
  broken(
    'discontinuity-back',
    'a lower number',
    middle,
    replace('DISCONTINUITY-SEQUENCE:2', 'DISCONTINUITY-SEQUENCE:1'),
  ),
  broken(
    'discontinuity-disagrees',
    'not counted',
    { holding: 'DISCONTINUITY-SEQUENCE:3' },
    replace('SEQUENCE:3', 'SEQUENCE:2'),
  ),
  broken(
    'discontinuity-disagrees',
    'counted too early',
    { holding: 'MEDIA-SEQUENCE:7' },
    replace('SEQUENCE:2', 'SEQUENCE:3'),
  ),
  broken('segment-changed', 'another address', { ...ninth, nth: -1 }, replace('/s9.', '/s09.')),
  broken(
    'segment-changed',
    'another duration',
    { ...ninth, nth: -1 },
    replace(/EXTINF:2.00000(,\n.*s9\.)/, 'EXTINF:2.00100$1'),
  ),
  broken(
    'segment-changed',
    'a discontinuity that comes late',
    { ...ninth, nth: 1 },
    replace(/(#.*DATE-TIME.*\n(#EXT-X-PART:.*\n)*#EXTINF.*\n.*s9\.)/, '#EXT-X-DISCONTINUITY\n$1'),
  ),
  broken(
    'segment-changed',
    'a gap that comes late',
    { ...ninth, nth: 1 },
    replace(/(#EXTINF.*\n.*s8\.)/, '#EXT-X-GAP\n$1'),
  ),
  broken(
    'segment-changed',
    'another date',
    { holding: '/s9.m4s', nth: 3 },
    replace(/:05Z|:2\d\.000Z/, ':27.001Z'),
  ),
  broken('part-changed', 'another duration', middle, replace(/0.20000(,URI="[^"]*p31\.)/, '0.19900$1')),
  broken('part-changed', 'another address', middle, replace('/p31.', '/p131.')),
  broken(
    'part-changed',
    'one more when the segment is finished',
    { ...ninth, nth: 1 },
    replace(/(#EXT-X-PART:.*p)(29)(.*\n)/, '$1$2$3$1291$3'),
  ),
  broken(
    'end-lost',
    'a playlist without its end',
    middle,
    remove(/#EXT-X-PROGRAM-DATE-TIME.*\n(#EXT-X-PART:.*\n)+(?=#EXT-X-PRE)/),
  ),
  broken('uri-reused', 'a part twice', middle, replace('/p32.', '/p12.')),
  broken('uri-reused', 'a segment twice', { holding: '/s24.m4s' }, replace('/2/s24.', '/1/s4.')),
  {
    rule: 'window-short',
    name: 'five segments',
    change: (stream) => stream.map((seen) => ({ ...seen, text: shortened(seen.text) })),
  },
  {
    rule: 'changed-after-end',
    name: 'one segment less',
    change: (stream) => [
      ...stream,
      ...choose(stream, ended).map((seen) => ({
        ...seen,
        text: seen.text.replace('SEQUENCE:10', 'SEQUENCE:11'),
      })),
    ],
  },
  broken(
    'vod-changed',
    'one more part',
    { holding: /MEDIA-SEQUENCE:0\n/ },
    insert('#EXT-X-PART-INF', '#EXT-X-PLAYLIST-TYPE:VOD'),
  ),
  broken('hint-missing', 'no hint', middle, remove(/#EXT-X-PRELOAD-HINT.*\n/)),
  broken('hint-unkept', 'another part comes', middle, replace(/(HINT.*)p34/, '$1p35')),
  broken('hint-listed', 'the last part once more', middle, replace(/(HINT.*)p34/, '$1p33')),
  broken(
    'hint-after-end',
    'a hint',
    ended,
    insert('#EXT-X-ENDLIST', '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="../../m/b/source/2/p999.m4s"'),
  ),
  broken('report-missing', 'nothing of the sound', middle, remove(/#EXT-X-RENDITION-REPORT:URI="audio.*\n/)),
  broken('report-self', 'of itself', middle, replace('REPORT:URI="audio', 'REPORT:URI="source')),
  broken(
    'report-stale',
    'two parts behind',
    { id: '360p', holding: '/2/p33.m4s"\n#EXT-X-PRELOAD' },
    replace(/LAST-PART=3/, 'LAST-PART=1'),
  ),
  broken('report-ahead', 'a part that isn’t there', middle, replace(/(360p.*)LAST-PART=3/, '$1LAST-PART=4')),
  asked('delta-unasked', 'nobody asked', { holding: 'EXT-X-SKIP', nth: 2 }, ''),
  broken('delta-disallowed', 'without a boundary', { holding: 'EXT-X-SKIP' }, remove(',CAN-SKIP-UNTIL=24.0')),
  broken('delta-recent', 'more than may be', { holding: 'EXT-X-SKIP', nth: 0 }, (text) =>
    text
      .replace('SEGMENTS=4', 'SEGMENTS=6')
      .replace(/(#EXT-X-MAP.*\n)#EXT-X-PROG[\s\S]*?s4\.m4s\n[\s\S]*?s5\.m4s\n/, '$1'),
  ),
  broken(
    'delta-unknown',
    'more than there ever was',
    { holding: 'EXT-X-SKIP', nth: 2 },
    replace(/SEGMENTS=\d+/, 'SEGMENTS=40'),
  ),
  asked('reload-early', 'a part that isn’t there', middle, '?_HLS_msn=10&_HLS_part=4'),
  asked('reload-early', 'a segment that isn’t whole', middle, '?_HLS_msn=10'),
  broken('time-missing', 'a segment without', middle, remove(/#EXT-X-PROGRAM-DATE-TIME.*\n/)),
  broken('time-back', 'behind a discontinuity', { holding: 'DISCONTINUITY\n' }, (text) =>
    text.replace(/(DISCONTINUITY\n(?:#EXT-X-MAP.*\n)?#EXT-X-PROG.*T14:00:)19/, '$113'),
  ),
  broken(
    'time-back',
    'between two segments',
    ninth,
    replace(/(DATE-TIME.*T14:00:)23(.*\n(#EXT-X-PART:.*\n)*#EXTINF.*\n.*s9\.)/, '$120$2'),
  ),
  broken('time-hole', 'a tenth of a second', ninth, replace(/(DATE-TIME.*T14:00:23\.)000/, '$1100')),
  broken('time-differs', 'sound a tenth later', { id: 'audio' }, replace(/(DATE-TIME.*)\.015Z/g, '$1.115Z')),
  broken('map-missing', 'no header', { holding: /SEQUENCE:0\n/, nth: 0 }, remove(/#EXT-X-MAP.*\n/)),
  broken(
    'map-elsewhere',
    'the header of the first epoch for the second',
    { holding: 'DISCONTINUITY\n' },
    replace(/(DISCONTINUITY\n)#EXT-X-MAP.*\n/, '$1'),
  ),
  broken(
    'map-changed',
    'a new header without a discontinuity',
    ninth,
    replace(
      /(#EXT-X-PROGRAM.*\n(#EXT-X-PART:.*\n)*#EXTINF.*\n.*s9\.)/,
      '#EXT-X-MAP:URI="../../m/b/source/2/new.mp4"\n$1',
    ),
  ),
  broken(
    'gap-parts',
    'a part with media',
    { holding: 'GAP' },
    replace('#EXT-X-GAP\n', '#EXT-X-GAP\n#EXT-X-PART:DURATION=0.20000,URI="../../m/b/source/1/p60.m4s"\n'),
  ),
  broken('variant-codecs', 'without the sound', master, replace(',mp4a.40.2', '')),
  broken('variant-codecs', 'a codec that is none', master, replace('mp4a.40.2', 'sound')),
  broken(
    'variant-bandwidth',
    'less than the average',
    master,
    replace('AVERAGE-BANDWIDTH=2728000', 'AVERAGE-BANDWIDTH=2930001'),
  ),
  broken(
    'variant-bandwidth',
    'none',
    master,
    replace('BANDWIDTH=2930000,AVERAGE-BANDWIDTH=2728000', 'BANDWIDTH=1,AVERAGE-BANDWIDTH=0'),
  ),
  broken('variant-picture', 'no frame rate', master, remove('FRAME-RATE=29.970,')),
  broken('variant-picture', 'no size', master, remove('RESOLUTION=1280x720,')),
  broken('variant-captions', 'nothing said', master, remove(/,CLOSED-CAPTIONS="cc"/g)),
  broken('variant-captions', 'only in one', master, replace('CLOSED-CAPTIONS="cc"', 'CLOSED-CAPTIONS=NONE')),
  broken('variant-group', 'no such sound', master, replace('AUDIO="audio"', 'AUDIO="music"')),
  broken('variant-twice', 'a variant twice', master, replace('360p.m3u8', 'source.m3u8')),
  broken(
    'group-member',
    'two of a name',
    master,
    replace(/(#EXT-X-MEDIA:TYPE=AUDIO.*)audio\.m3u8"\n/, '$&$1music.m3u8"\n'),
  ),
]

/** With a window of five segments. */
function shortened(text: string): string {
  if (!text.includes('#EXTINF') || text.includes('#EXT-X-SKIP')) return text
  const [head = '', ...segments] = text.split(
    /(?=(?:#EXT-X-DISCONTINUITY\n)?(?:#EXT-X-MAP.*\n)?#EXT-X-PROGRAM)/,
  )
  const first = Number(/MEDIA-SEQUENCE:(\d+)/.exec(head)?.[1])
  const gone = Math.max(0, segments.length - 5)
  const map =
    segments
      .slice(0, gone + 1)
      .join('')
      .match(/#EXT-X-MAP.*\n/g)
      ?.at(-1) ?? ''
  const kept = segments.slice(gone).join('')
  const withMap = kept.startsWith('#EXT-X-PROGRAM') ? map + kept : kept
  return head.replace(/MEDIA-SEQUENCE:\d+/, `MEDIA-SEQUENCE:${first + gone}`) + withMap
}
