import { createHash, randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runFfmpeg } from '../../../origin/media/ffmpeg.ts'
import { FlvReader, type FlvTag } from '../../../origin/media/flv/reader.ts'

/** One encode of a moving picture with a tone: options of libx264 and of the AAC encoder, beside the few that all have. */
export interface Recipe {
  seconds: number
  /** As ffmpeg writes it: "30", "30000/1001". */
  frameRate: string
  size: string
  /** Frames between key frames; "infinite" for the first alone. */
  keyInterval: number | 'infinite'
  /** More of x264's parameters, "name=value". */
  x264: readonly string[]
  profile: 'baseline' | 'main'
  /** A filter of the picture. */
  filter: string
  /** Null: no sound. */
  audio: { sampleRate: number; channels: number } | null
}

export const plain: Recipe = {
  seconds: 12,
  frameRate: '30',
  size: '320x180',
  keyInterval: 60,
  x264: ['bframes=0'],
  profile: 'main',
  filter: 'null',
  audio: { sampleRate: 48_000, channels: 2 },
}

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/streamtube-corpus/', import.meta.url))
/** Changes when the argument list below does. */
const VERSION = 2

const METADATA = 18
const END_OF_SEQUENCE = 2

/** The encode's media as FLV tags. Kept in a cache by the hash of the recipe. */
export async function encoded(recipe: Recipe): Promise<FlvTag[]> {
  const hash = createHash('sha256')
    .update(JSON.stringify([VERSION, recipe]))
    .digest('hex')
  const file = join(CACHE, `${hash.slice(0, 24)}.flv`)
  if (!existsSync(file)) await encode(recipe, file)
  const tags: FlvTag[] = []
  const reader = new FlvReader((tag) => tags.push(tag))
  reader.push(await readFile(file))
  return tags.filter((tag) => tag.type !== METADATA && tag.data[1] !== END_OF_SEQUENCE)
}

async function encode(recipe: Recipe, file: string): Promise<void> {
  await mkdir(CACHE, { recursive: true })
  const { audio, seconds } = recipe
  const lavfi = ['-f', 'lavfi', '-t', String(seconds)]
  const picture = `testsrc2=size=${recipe.size}:rate=${recipe.frameRate},${recipe.filter}`
  const tone = audio && `sine=frequency=440:sample_rate=${audio.sampleRate}`
  // Several cases may want the same encode at once.
  const unfinished = `${file}.${randomUUID()}.part`
  await runFfmpeg({
    inputs: [{ source: picture, options: lavfi }, ...(tone ? [{ source: tone, options: lavfi }] : [])],
    outputs: [
      { target: unfinished, options: [...videoOptions(recipe), ...audioOptions(audio), '-f', 'flv'] },
    ],
    limits: { wallMs: 60_000 },
  })
  await rename(unfinished, file)
}

function videoOptions({ keyInterval, x264, profile }: Recipe): string[] {
  const params = [
    `keyint=${keyInterval}`,
    'min-keyint=1',
    'scenecut=0',
    `cabac=${profile === 'main' ? 1 : 0}`,
    ...x264,
  ].join(':')
  return [
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-profile:v', profile, '-pix_fmt', 'yuv420p'],
    ...['-fps_mode', 'vfr', '-b:v', '300k', '-x264-params', params],
  ]
}

function audioOptions(audio: Recipe['audio']): string[] {
  return audio ? ['-c:a', 'aac', '-b:a', '64k', '-ac', String(audio.channels)] : ['-an']
}
