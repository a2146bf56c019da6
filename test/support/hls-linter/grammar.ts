/** Types of values (RFC 8216bis 4.2): how each is written. `oneOf` is an enumerated string. */
type ValueType =
  | 'integer'
  | 'decimal'
  | 'rate'
  | 'quoted'
  | 'resolution'
  | 'captions'
  | { oneOf: readonly string[] }

interface AttributeForm {
  type: ValueType
  required?: true
}

export type TagForm = {
  /** Where the tag belongs. */
  of: 'any' | 'media' | 'segment' | 'multivariant'
  /** It describes the whole playlist. */
  once?: true
} & (
  | { value: 'none' | 'integer' | 'extinf' | 'date' | { oneOf: readonly string[] } }
  | { value: 'attributes'; attributes: Readonly<Record<string, AttributeForm>> }
)

const yes: AttributeForm = { type: { oneOf: ['YES'] } }
const yesOrNo: AttributeForm = { type: { oneOf: ['YES', 'NO'] } }
const uri: AttributeForm = { type: 'quoted', required: true }

/** The tags that StreamTube writes or must not write: any other is a mistake. */
export const TAGS: Readonly<Record<string, TagForm>> = {
  EXTM3U: { of: 'any', once: true, value: 'none' },
  'EXT-X-VERSION': { of: 'any', once: true, value: 'integer' },
  'EXT-X-INDEPENDENT-SEGMENTS': { of: 'any', once: true, value: 'none' },
  'EXT-X-TARGETDURATION': { of: 'media', once: true, value: 'integer' },
  'EXT-X-MEDIA-SEQUENCE': { of: 'media', once: true, value: 'integer' },
  'EXT-X-DISCONTINUITY-SEQUENCE': { of: 'media', once: true, value: 'integer' },
  'EXT-X-ENDLIST': { of: 'media', once: true, value: 'none' },
  'EXT-X-PLAYLIST-TYPE': { of: 'media', once: true, value: { oneOf: ['EVENT', 'VOD'] } },
  'EXT-X-PART-INF': {
    of: 'media',
    once: true,
    value: 'attributes',
    attributes: { 'PART-TARGET': { type: 'decimal', required: true } },
  },
  'EXT-X-SERVER-CONTROL': {
    of: 'media',
    once: true,
    value: 'attributes',
    attributes: {
      'CAN-BLOCK-RELOAD': yes,
      'CAN-SKIP-UNTIL': { type: 'decimal' },
      'CAN-SKIP-DATERANGES': yes,
      'HOLD-BACK': { type: 'decimal' },
      'PART-HOLD-BACK': { type: 'decimal' },
    },
  },
  EXTINF: { of: 'segment', value: 'extinf' },
  'EXT-X-DISCONTINUITY': { of: 'segment', value: 'none' },
  'EXT-X-GAP': { of: 'segment', value: 'none' },
  'EXT-X-PROGRAM-DATE-TIME': { of: 'segment', value: 'date' },
  'EXT-X-MAP': {
    of: 'segment',
    value: 'attributes',
    attributes: { URI: uri, BYTERANGE: { type: 'quoted' } },
  },
  'EXT-X-PART': {
    of: 'segment',
    value: 'attributes',
    attributes: {
      URI: uri,
      DURATION: { type: 'decimal', required: true },
      INDEPENDENT: yes,
      GAP: yes,
      BYTERANGE: { type: 'quoted' },
    },
  },
  'EXT-X-SKIP': {
    of: 'media',
    once: true,
    value: 'attributes',
    attributes: { 'SKIPPED-SEGMENTS': { type: 'integer', required: true } },
  },
  'EXT-X-PRELOAD-HINT': {
    of: 'media',
    value: 'attributes',
    attributes: { TYPE: { type: { oneOf: ['PART', 'MAP'] }, required: true }, URI: uri },
  },
  'EXT-X-RENDITION-REPORT': {
    of: 'media',
    value: 'attributes',
    attributes: {
      URI: uri,
      'LAST-MSN': { type: 'integer', required: true },
      'LAST-PART': { type: 'integer' },
    },
  },
  'EXT-X-MEDIA': {
    of: 'multivariant',
    value: 'attributes',
    attributes: {
      TYPE: { type: { oneOf: ['AUDIO', 'VIDEO', 'SUBTITLES', 'CLOSED-CAPTIONS'] }, required: true },
      'GROUP-ID': { type: 'quoted', required: true },
      NAME: { type: 'quoted', required: true },
      URI: { type: 'quoted' },
      LANGUAGE: { type: 'quoted' },
      DEFAULT: yesOrNo,
      AUTOSELECT: yesOrNo,
      CHANNELS: { type: 'quoted' },
      'INSTREAM-ID': { type: 'quoted' },
    },
  },
  'EXT-X-STREAM-INF': {
    of: 'multivariant',
    value: 'attributes',
    attributes: {
      BANDWIDTH: { type: 'integer', required: true },
      'AVERAGE-BANDWIDTH': { type: 'integer', required: true },
      CODECS: { type: 'quoted', required: true },
      RESOLUTION: { type: 'resolution' },
      'FRAME-RATE': { type: 'rate' },
      AUDIO: { type: 'quoted' },
      SUBTITLES: { type: 'quoted' },
      'CLOSED-CAPTIONS': { type: 'captions' },
      'VIDEO-RANGE': { type: { oneOf: ['SDR', 'HLG', 'PQ'] } },
    },
  },
}

const INTEGER = /^(0|[1-9][0-9]{0,19})$/
const DECIMAL = /^[0-9]+(\.[0-9]+)?$/
const RATE = /^[0-9]+(\.[0-9]{1,3})?$/
const RESOLUTION = /^[1-9][0-9]*x[1-9][0-9]*$/
const EXTINF = /^[0-9]+(\.[0-9]+)?,.*$/
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)$/

/** True when an attribute's value is written as its type wants. */
export function isOfType(type: ValueType, text: string, quoted: boolean): boolean {
  if (typeof type === 'object') return !quoted && type.oneOf.includes(text)
  switch (type) {
    case 'quoted':
      return quoted && text !== ''
    case 'captions':
      return quoted ? text !== '' : text === 'NONE'
    case 'integer':
      return !quoted && INTEGER.test(text)
    case 'decimal':
      return !quoted && DECIMAL.test(text)
    case 'rate':
      return !quoted && RATE.test(text)
    case 'resolution':
      return !quoted && RESOLUTION.test(text)
    default:
      return type satisfies never
  }
}

/** True when a tag's value (null: no colon) is written as its form wants; attribute lists are looked at elsewhere. */
export function isOfForm({ value: form }: TagForm, value: string | null): boolean {
  if (form === 'none') return value === null
  if (value === null) return false
  if (typeof form === 'object') return form.oneOf.includes(value)
  switch (form) {
    case 'integer':
      return INTEGER.test(value)
    case 'extinf':
      return EXTINF.test(value)
    case 'date':
      return DATE.test(value) && !Number.isNaN(Date.parse(value))
    case 'attributes':
      return true
    default:
      return form satisfies never
  }
}
