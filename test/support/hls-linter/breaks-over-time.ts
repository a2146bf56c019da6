import {
  asked,
  type Break,
  broken,
  choose,
  ended,
  insert,
  middle,
  ninth,
  remove,
  replace,
} from './breaking.ts'

/** What only shows from one reload to the next, or beside what was asked for. */
export const BREAKS_OVER_TIME: readonly Break[] = [
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
