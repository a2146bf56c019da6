import { parseAvcConfig } from '../../../origin/media/h264/avcc.ts'
import type { SanitiserWarning } from '../../../origin/media/sanitiser.ts'
import type { RuleId } from '../hls-linter/violation.ts'
import { captionPair, captionSei } from './captions.ts'
import { encoded, plain, type Recipe } from './encode.ts'
import {
  followedBy,
  isAudio,
  isHeader,
  isKey,
  isVideo,
  type Script,
  script,
  stalled,
  stamped,
  withNals,
  without,
} from './script.ts'

/** A stretch of true time, in milliseconds. */
export type Stretch = readonly [fromMs: number, toMs: number]

/** What must come out of a case, where it differs from an ordinary stream. */
export interface Outcome {
  /** Every segment but the last one lasts this long. */
  segmentMs: number
  /** Segments that begin with a new header, by number, and what the picture is from there on. */
  turns: readonly { sequence: number; size: string; profile: string }[]
  /** RFC 6381's profile and constraints, RESOLUTION and FRAME-RATE of the first master. */
  profile: string
  size: string
  frameRate: string | null
  captions: boolean
  /** Whether segments but the first begin with a key frame. */
  independent: boolean
  /** Sound that was sent and is not in the segments. */
  lostAudio: Stretch | null
  /** Sound that was not sent, and is silence. */
  silence: Stretch | null
  warnings: readonly SanitiserWarning[]
  /** Duration of what plays. */
  durationMs: number
  /** No frame is shown in this stretch: the encoder sent none. */
  hole: Stretch | null
  /** Rules that these frames cannot keep: three frames of 12 a second are longer than a part, two shorter than 85 %. */
  breaks: readonly RuleId[]
}

export interface HostileCase {
  name: string
  make(): Promise<Script>
  outcome: Outcome
}

const ordinary: Outcome = {
  segmentMs: 2000,
  turns: [],
  profile: '4d40',
  size: '320x180',
  frameRate: '30.000',
  captions: false,
  independent: true,
  lostAudio: null,
  silence: null,
  warnings: [],
  durationMs: 12_000,
  hole: null,
  breaks: [],
}

const encode = async (recipe: Partial<Recipe>) => script(await encoded({ ...plain, ...recipe }))
const HOUR_MS = 3_600_000

function hostile(name: string, make: () => Promise<Script>, outcome: Partial<Outcome> = {}): HostileCase {
  return { name, make, outcome: { ...ordinary, ...outcome } }
}

const rates = [
  { rate: '24000/1001', key: 48, frameRate: '23.976', segmentMs: 2002 },
  { rate: '30000/1001', key: 60, frameRate: '29.970', segmentMs: 2002 },
  { rate: '60000/1001', key: 120, frameRate: '59.940', segmentMs: 2002 },
].map(({ rate, key, ...outcome }) =>
  hostile(
    `${outcome.frameRate} frames a second`,
    () => encode({ frameRate: rate, keyInterval: key }),
    outcome,
  ),
)

const pictures = [
  hostile('12 frames a second', () => encode({ frameRate: '12', keyInterval: 24 }), {
    frameRate: '12.000',
    breaks: ['part-short'],
  }),
  hostile(
    'a variable frame rate',
    () => encode({ keyInterval: 40, filter: "select='not(eq(mod(n,7),3)+eq(mod(n,11),5)+eq(mod(n,13),8))'" }),
    { segmentMs: Number.NaN, frameRate: null, breaks: ['part-short'] },
  ),
  hostile('B-frames', () => encode({ x264: ['bframes=3', 'b-adapt=0', 'b-pyramid=normal'] })),
  hostile('a key frame every second', () => encode({ keyInterval: 30 })),
  hostile('a key frame every 8 s', () => encode({ keyInterval: 240, seconds: 20 }), {
    segmentMs: 4000,
    independent: false,
    durationMs: 20_000,
  }),
  hostile('no key frame but the first', () => encode({ keyInterval: 'infinite' }), {
    segmentMs: 4000,
    independent: false,
  }),
  hostile(
    'open groups of pictures',
    () => encode({ keyInterval: 60, x264: ['bframes=2', 'b-adapt=0', 'open-gop=1'] }),
    { segmentMs: 4000, independent: false },
  ),
]

const sounds = [
  hostile('44.1 kHz, mono', () => encode({ audio: { sampleRate: 44_100, channels: 1 } })),
  hostile('no sound', () => encode({ audio: null }), { silence: [0, 12_000] }),
  hostile('sound 700 ms late', async () => without(await encode({}), soundIn(0, 700)), { silence: [0, 700] }),
  hostile('sound 3 s late', async () => without(await encode({}), soundIn(0, 3000)), { silence: [0, 3000] }),
  hostile(
    'sound that nobody announced, in another format, 3 s late',
    async () => {
      const late = await encode({ audio: { sampleRate: 44_100, channels: 1 } })
      const [header] = late.filter((cue) => isAudio(cue) && isHeader(cue))
      const rest = without(late, (cue) => cue === header || soundIn(0, 3000)(cue))
      const at = rest.findIndex((cue) => isAudio(cue))
      const moved = header ? [{ ...header, atMs: 3000, trueMs: 3000 }] : []
      return [...rest.slice(0, at), ...moved, ...rest.slice(at)]
    },
    {
      silence: [0, 4000],
      lostAudio: [3000, 4024],
      turns: [{ sequence: 2, size: '320x180', profile: '4d40' }],
    },
  ),
  hostile('sound that stops', async () => without(await encode({}), soundIn(5000, 20_000)), {
    silence: [5000, 12_000],
  }),
  hostile('sound that stops and comes back', async () => without(await encode({}), soundIn(5000, 9000)), {
    silence: [5000, 9000],
    warnings: ['audio-hole'],
  }),
]

const changes = [
  hostile(
    'another profile in mid-stream',
    async () => followedBy(await encode({}), await encode({ profile: 'baseline' }), 5000),
    {
      turns: [{ sequence: 3, size: '320x180', profile: '42c0' }],
      segmentMs: Number.NaN,
      durationMs: 17_000,
    },
  ),
  hostile(
    'another picture size in mid-stream',
    async () => followedBy(await encode({}), await encode({ size: '640x360' }), 5000),
    {
      turns: [{ sequence: 3, size: '640x360', profile: '4d40' }],
      segmentMs: Number.NaN,
      durationMs: 17_000,
    },
  ),
  hostile(
    'a new SPS in mid-stream, in band alone',
    async () => {
      const second = await encode({ size: '640x360' })
      const header = second.find((cue) => isVideo(cue) && isHeader(cue))
      const { sps, pps } = parseAvcConfig(header?.tag.data.subarray(5) ?? new Uint8Array())
      const inBand = withNals(second, (cue) => (isKey(cue) ? [...sps, ...pps] : null))
      return followedBy(await encode({}), without(inBand, isHeader), 5000)
    },
    {
      turns: [{ sequence: 3, size: '640x360', profile: '4d40' }],
      segmentMs: Number.NaN,
      durationMs: 17_000,
    },
  ),
  hostile(
    'other sound in mid-stream',
    async () => {
      const picture = without(await encode({}), isAudio)
      const first = without(await encode({}), isVideo)
      const other = without(await encode({ audio: { sampleRate: 44_100, channels: 1 }, seconds: 7 }), isVideo)
      return [...picture, ...followedBy(first, other, 5000)].toSorted((a, b) => a.atMs - b.atMs)
    },
    {
      turns: [{ sequence: 3, size: '320x180', profile: '4d40' }],
      lostAudio: [5000, 6000],
      silence: [5000, 6000],
    },
  ),
  hostile('parameter sets in band', async () => {
    const cues = await encode({})
    const header = cues.find((cue) => isVideo(cue) && isHeader(cue))
    const { sps, pps } = parseAvcConfig(header?.tag.data.subarray(5) ?? new Uint8Array())
    return withNals(cues, (cue) => (isKey(cue) ? [...sps, ...pps] : null))
  }),
  hostile(
    '608 captions',
    async () => {
      let frame = 0
      return withNals(await encode({}), () => [captionSei(captionPair('HELLO', frame++, 60))])
    },
    { captions: true },
  ),
]

const clocks = [
  hostile('time stamps that wrap', async () => stamped(await encode({}), 0, 2 ** 32 - 5000)),
  hostile('time stamps that jump an hour ahead', async () => stamped(await encode({}), 5000, HOUR_MS), {
    warnings: ['clock-jump'],
  }),
  hostile('time stamps that step back 3 s', async () => stamped(await encode({}), 5000, -3000), {
    warnings: ['clock-jump'],
  }),
  hostile('a stall of 5 s, then a burst', async () => stalled(await encode({ seconds: 16 }), 5000, 5000), {
    durationMs: 16_000,
  }),
  hostile(
    'a stall of 5 s of which the encoder keeps nothing',
    async () =>
      without(
        await encode({ seconds: 16 }),
        (cue) => !isHeader(cue) && cue.trueMs >= 5000 && cue.trueMs < 10_000,
      ),
    {
      durationMs: 11_000,
      hole: [5000, 10_000],
      lostAudio: [10_000, 10_022],
      turns: [{ sequence: 3, size: '320x180', profile: '4d40' }],
      segmentMs: Number.NaN,
      warnings: ['audio-hole'],
    },
  ),
]

/** Whether a tag is sound of this stretch; its header stays. */
function soundIn(fromMs: number, toMs: number) {
  return (cue: Script[number]) => isAudio(cue) && !isHeader(cue) && cue.trueMs >= fromMs && cue.trueMs < toMs
}

/** Every case, each of which goes through packager, linter and VOD. */
export const hostileCases: readonly HostileCase[] = [...rates, ...pictures, ...sounds, ...changes, ...clocks]
