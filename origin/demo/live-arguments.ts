import type { FfmpegInput } from '../media/ffmpeg.ts'
import { CLOCK_TEXT, DATE_TEXT, textFilter } from './filter-text.ts'
import { pad } from './sound.ts'

export interface LiveArguments {
  /** A film that ends where it begins. */
  film: string
  frameRate: number
  height: number
  /** For the clock; null: a stream without one. */
  fontFile: string | null
  /** What stands below the clock, beside the date. */
  place: string
}

const KEY_FRAME_SECONDS = 2

/** The film over and over at its own pace, and sound that is made as it goes. */
export function liveInputs({ film }: LiveArguments): FfmpegInput[] {
  return [
    { source: film, options: ['-re', '-stream_loop', '-1', '-threads', '1', '-f', 'mov'] },
    { source: pad(), options: ['-f', 'lavfi'] },
  ]
}

/** The time of day on the film, encoded for as little as that can cost: one thread, a fast preset, a still scene. */
export function liveOutputOptions({ frameRate, height, fontFile, place }: LiveArguments): string[] {
  const interval = String(frameRate * KEY_FRAME_SECONDS)
  return [
    ...['-filter_complex', `[0:v]${[...clock(fontFile, height, place), 'format=yuv420p'].join(',')}[v]`],
    ...['-filter_threads', '1', '-map', '[v]', '-map', '1:a'],
    ...['-c:v', 'libx264', '-preset', 'superfast', '-tune', 'zerolatency', '-threads', '1'],
    ...['-crf', '24', '-maxrate', '2500k', '-bufsize', '2500k', '-profile:v', 'high'],
    ...['-g', interval, '-keyint_min', interval, '-sc_threshold', '0'],
    ...['-c:a', 'aac', '-b:a', '128k', '-ac', '2'],
    ...['-flvflags', 'no_duration_filesize', '-f', 'flv'],
  ]
}

function clock(fontFile: string | null, height: number, place: string): string[] {
  if (fontFile === null) return []
  const unit = height / 27
  const left = String(Math.round(unit * 2.4))
  const small = Math.round(unit * 1.2)
  const line = (text: string, sizePx: number, top: number, opacity: number) =>
    textFilter({ fontFile, text, sizePx, x: left, y: String(Math.round(top)), opacity })
  return [
    line(CLOCK_TEXT, Math.round(unit * 4.2), unit * 2, 0.95),
    line(DATE_TEXT, small, unit * 6.7, 0.85),
    line(place, small, unit * 8.6, 0.6),
  ]
}
