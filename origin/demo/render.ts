import { createHash, randomUUID } from 'node:crypto'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { FfmpegError, type FfmpegOutput, runFfmpeg } from '../media/ffmpeg.ts'
import { textFilter } from './filter-text.ts'
import type { Scene } from './scenes/scene.ts'

export interface RenderOptions {
  /** Films are kept here under a name that changes with what they are made of. */
  folder: string
  /** For the title; null: a film without one. */
  fontFile: string | null
  signal: AbortSignal
}

export interface Film {
  path: string
  /** Changes when the film does. */
  version: string
}

const LIMITS = { wallMs: 300_000 }
/** Whoever is live comes first. */
const NICENESS = 10

/**
 * Renders a scene, once: the file is there the next time.
 * @throws FfmpegError
 */
export async function renderScene(scene: Scene, options: RenderOptions): Promise<Film> {
  const { folder, fontFile, signal } = options
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const version = createHash('sha256').update(JSON.stringify(scene)).digest('hex').slice(0, 12)
  const path = join(folder, `${scene.name}-${version}.mp4`)
  if (await stat(path).catch(() => null)) return { path, version }
  const target = `${path}.${randomUUID()}.part`
  try {
    await encodeTitled(scene, fontFile, target, signal)
    await rename(target, path)
  } finally {
    await rm(target, { force: true })
  }
  return { path, version }
}

/** An ffmpeg without drawtext, or a font that it can't read: better without a title than not at all. */
async function encodeTitled(
  scene: Scene,
  fontFile: string | null,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await encode(scene, fontFile, target, signal)
  } catch (error) {
    if (!(error instanceof FfmpegError) || error.code !== 'failed' || fontFile === null) throw error
    await encode(scene, null, target, signal)
  }
}

async function encode(
  scene: Scene,
  fontFile: string | null,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  await runFfmpeg({
    inputs: [],
    outputs: [{ target, options: renderArguments(scene, fontFile) }],
    limits: LIMITS,
    niceness: NICENESS,
    signal,
  })
}

/** What makes a scene's film. Key frames every two seconds, so that it plays as it is. */
export function renderArguments(scene: Scene, fontFile: string | null): FfmpegOutput['options'] {
  const { seconds, frameRate, picture, sound } = scene
  const interval = String(Math.round(frameRate * 2))
  const graph = [
    picture.replace(/\[v\]$/, '[bare]'),
    `[bare]${[...titles(scene, fontFile), 'format=yuv420p'].join(',')}[v]`,
    ...(sound ? [sound] : []),
  ].join(';')
  return [
    ...['-filter_complex', graph, '-map', '[v]', ...(sound ? ['-map', '[a]'] : []), '-t', String(seconds)],
    ...['-c:v', 'libx264', '-preset', 'veryfast', '-profile:v', 'high', '-crf', '20'],
    ...['-g', interval, '-keyint_min', interval, '-sc_threshold', '0', '-r', String(frameRate)],
    ...(sound ? ['-c:a', 'aac', '-b:a', '160k'] : []),
    ...['-movflags', '+faststart', '-f', 'mp4'],
  ]
}

function titles({ title, height, sound }: Scene, fontFile: string | null): string[] {
  // What has no sound is a background for something else.
  if (fontFile === null || sound === null) return []
  const size = Math.round(height / 15)
  return [
    textFilter({
      fontFile,
      text: title,
      sizePx: size,
      x: String(size),
      y: `h-${size * 2}`,
      opacity: 0.92,
      showFrom: 1,
      showTo: 6,
    }),
  ]
}
