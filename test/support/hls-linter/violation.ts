/**
 * Every rule of the linter, and what it says. Numbers in brackets are sections of RFC 8216bis (draft 16); MEDIA rules are
 * StreamTube's own, stricter ones.
 */
export const RULES = {
  'syntax-header': 'The first line is #EXTM3U. [4.4.1.1]',
  'syntax-line': 'Lines end with a line feed, and none is blank inside, padded or no UTF-8. [4.1]',
  'syntax-tag': 'Only tags of the document are used, each with a value of its form. [4.2]',
  'syntax-attribute': 'An attribute list has known names, once each, with values of their types. [4.2]',
  'tag-required': 'A playlist has every tag and attribute that it needs. [4.4]',
  'tag-once': 'A tag that describes the playlist stands in it once. [4.4]',
  'tag-order':
    'A tag stands where it has a meaning: numbers before segments, a segment’s tags before its parts. [4.4]',
  'tag-mixed': 'A playlist is either a multivariant or a media playlist. [4.1]',
  'uri-unusable': 'A URI is one, and for reports and media relative or http. [4.1]',
  'version-low': 'EXT-X-VERSION covers all that the playlist uses. [8]',
  'independent-claimed': 'A live playlist doesn’t promise independent segments. [MEDIA 6]',
  'target-changed': 'Targets and server control never change. [6.2.1, MEDIA 5]',
  'target-differs': 'All media playlists of a presentation have one EXT-X-TARGETDURATION. [6.2.4]',
  'hold-back-low': 'HOLD-BACK is at least three target durations. [4.4.3.8]',
  'part-hold-back-low': 'PART-HOLD-BACK is at least three part targets, of every rendition. [4.4.3.8]',
  'skip-boundary-low': 'CAN-SKIP-UNTIL is at least six target durations. [4.4.3.8]',
  'segment-long': 'EXTINF, rounded, is at most the target duration. [4.4.3.1]',
  'part-long': 'A part is at most the part target. [4.4.4.9]',
  'part-short':
    'A part is at least 85 % of the part target, but for independent ones and the last of a segment. [4.4.4.9]',
  'parts-sum': 'A segment’s parts last as long as the segment, but for a frame that came late. [3, 4.4.4.9]',
  'parts-kept': 'Parts are listed for the last three target durations only. [6.2.2, MEDIA 12]',
  'parts-removed': 'Parts stay listed for three target durations, and go all at once. [6.2.2]',
  'sequence-back': 'EXT-X-MEDIA-SEQUENCE never goes back. [6.2.2]',
  'sequence-disagrees': 'EXT-X-MEDIA-SEQUENCE grows by the number of segments that were removed. [6.2.2]',
  'discontinuity-back': 'EXT-X-DISCONTINUITY-SEQUENCE never goes back. [6.2.2]',
  'discontinuity-disagrees':
    'EXT-X-DISCONTINUITY-SEQUENCE grows by the number of discontinuities that were removed. [6.2.2]',
  'segment-changed': 'A segment that was listed never changes. [6.2.1]',
  'part-changed': 'A part that was listed never changes. [6.2.1]',
  'end-lost': 'What was listed at the end stays listed. [6.2.1]',
  'uri-reused': 'A URI has one place in a rendition, for ever. [6.2.1, MEDIA 9]',
  'window-short': 'A live playlist that lets segments go keeps three target durations. [6.2.2]',
  'changed-after-end': 'After EXT-X-ENDLIST a playlist never changes. [6.2.1]',
  'vod-changed': 'A playlist of type VOD never changes. [4.4.3.5]',
  'hint-missing': 'A low-latency playlist names the part that comes next. [MEDIA 13]',
  'hint-unkept': 'The part that was hinted is the next to be listed. [4.4.5.3]',
  'hint-listed': 'What is hinted isn’t listed yet. [4.4.5.3]',
  'hint-after-end': 'A playlist with EXT-X-ENDLIST hints at nothing. [4.4.5.3]',
  'report-missing': 'A low-latency playlist reports every other rendition. [4.4.5.4, MEDIA 13]',
  'report-self': 'A playlist doesn’t report itself. [4.4.5.4]',
  'report-stale': 'A report is as new as the playlist that it stands in. [4.4.5.4]',
  'report-ahead': 'A report doesn’t promise what its rendition has not. [4.4.5.4]',
  'delta-unasked': 'Segments are skipped only for those who asked for it. [6.2.5.1]',
  'delta-disallowed': 'Segments are skipped only where CAN-SKIP-UNTIL allows it. [4.4.3.8]',
  'delta-recent': 'Nothing nearer to the end than the skip boundary is skipped. [6.2.5.1]',
  'delta-unknown': 'What is skipped was listed before. [6.2.5.1]',
  'reload-early': 'A blocking reload is answered once it has what was asked for. [6.2.5.2]',
  'time-missing': 'Every segment has a program date time. [B.1]',
  'time-back': 'Program date time never goes back. [6.2.1, MEDIA 4]',
  'time-hole': 'Between discontinuities a segment begins where the one before ended. [4.4.4.6]',
  'time-differs': 'A number has the same program date time in every rendition. [MEDIA 7]',
  'map-missing': 'Every fragment has an EXT-X-MAP before it. [3.1.2]',
  'map-elsewhere': 'A segment’s header is of the segment’s own epoch. [MEDIA 9, 10]',
  'map-changed': 'A new EXT-X-MAP comes with a discontinuity. [MEDIA 10]',
  'gap-parts': 'A gap’s parts are gaps. [4.4.4.7]',
  'variant-codecs': 'A variant names the codecs of its picture and its sound. [4.4.6.2, MEDIA 14]',
  'variant-bandwidth': 'BANDWIDTH is at least AVERAGE-BANDWIDTH, and that above 0. [4.4.6.2]',
  'variant-picture': 'A variant with a picture names its RESOLUTION and FRAME-RATE. [4.4.6.2, MEDIA 14]',
  'variant-captions': 'A variant with a picture says whether there are captions, all the same. [4.4.6.2]',
  'variant-group': 'A group that a variant names is there. [4.4.6.2.1]',
  'variant-twice': 'No playlist is listed twice. [4.4.6.2]',
  'group-member': 'Members of a group have names of their own, and one default at most. [4.4.6.1.1]',
} as const

export type RuleId = keyof typeof RULES

/** A rule that a playlist broke. */
export interface Violation {
  rule: RuleId
  /** What the rule says. */
  sentence: string
  /** What was found instead. */
  found: string
  url: string
  atMs: number
  /** The lines at fault, as they stand in the playlist. */
  lines: readonly string[]
}

/** Takes a violation: the rule, what was found, and the numbers of the lines at fault (from 0). */
export type Complain = (rule: RuleId, found: string, ...lines: number[]) => void

/** One violation in a few lines of text. Tokens in addresses are left out. */
export function describeViolation({ rule, sentence, found, url, lines }: Violation): string {
  const at = url.replace(/\/p\/[^/]+/, '/p/-')
  return [`${rule}: ${sentence}`, `  ${found}`, `  in ${at}`, ...lines.map((line) => `  > ${line}`)].join(
    '\n',
  )
}
