import type { FfmpegOutput } from '../media/ffmpeg.ts'

/** What is taken of one run, in seconds from the first sample's presentation. The picture decides; sound follows it. */
export interface Cut {
  /** Frames that are taken, in the order in which they are shown: from this one on, so many. */
  firstFrame: number
  frames: number
  seconds: number
  /** Where the sound of the first frame is in the track of sound, which may begin later (below 0); null: there is none. */
  soundAt: number | null
}

export interface Picture {
  width: number
  height: number
}

const SAMPLE_RATE = 48_000

/**
 * ffmpeg's graph for a file of runs: inputs are each run's picture, then its sound where it has one. Frames keep their own
 * times, whatever their rate; every run's sound is exactly as long as its picture.
 */
export function clipGraph(cuts: readonly Cut[], { width, height }: Picture): string {
  let input = 0
  const hasSound = cuts.some(({ soundAt }) => soundAt !== null)
  const chains = cuts.flatMap((cut, run) => {
    const picture = `[${input++}:v:0]${pictureOf(cut, width, height)}[v${run}]`
    if (!hasSound) return [picture]
    const from = cut.soundAt === null ? silence(cut) : `[${input++}:a:0]${soundOf(cut, cut.soundAt)}`
    return [picture, `${from}[a${run}]`]
  })
  const joined = cuts.map((_, run) => `[v${run}]${hasSound ? `[a${run}]` : ''}`).join('')
  const outputs = hasSound ? '[v][a]' : '[v]'
  return [...chains, `${joined}concat=n=${cuts.length}:v=1:a=${hasSound ? 1 : 0}${outputs}`].join(';')
}

function pictureOf({ firstFrame, frames }: Cut, width: number, height: number): string {
  return [
    `trim=start_frame=${firstFrame}:end_frame=${firstFrame + frames}`,
    'setpts=PTS-STARTPTS',
    // Another encoder may have come back with another size.
    `scale=${width}:${height}:force_original_aspect_ratio=decrease:flags=bicubic`,
    `pad=${width}:${height}:-1:-1,setsar=1,format=yuv420p`,
  ].join(',')
}

function soundOf({ seconds }: Cut, soundAt: number): string {
  return [
    `atrim=start=${Math.max(0, soundAt).toFixed(6)}:end=${(soundAt + seconds).toFixed(6)}`,
    `asetpts=PTS-(${soundAt.toFixed(6)})/TB`,
    `aresample=${SAMPLE_RATE}:async=1:first_pts=0`,
    'aformat=channel_layouts=stereo',
    `apad,atrim=end=${seconds.toFixed(6)}`,
  ].join(',')
}

function silence({ seconds }: Cut): string {
  return `anullsrc=r=${SAMPLE_RATE}:cl=stereo,atrim=end=${seconds.toFixed(6)}`
}

/** The file: H.264 and AAC that everything plays, its index first. The card's encoders belong to what is live. */
export function clipOutput(target: string, graph: string, hasSound: boolean): FfmpegOutput {
  return {
    target,
    options: [
      ...['-filter_complex', graph, '-map', '[v]', ...(hasSound ? ['-map', '[a]'] : [])],
      ...['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '18', '-profile:v', 'high'],
      ...['-fps_mode', 'passthrough', '-enc_time_base', '1:90000', '-video_track_timescale', '90000'],
      ...(hasSound ? ['-c:a', 'aac', '-b:a', '160k'] : []),
      ...['-movflags', '+faststart', '-map_metadata', '-1', '-f', 'mp4'],
    ],
  }
}
