import { runFfmpeg } from '../media/ffmpeg.ts'

export interface SampleFile {
  path: string
  seconds: number
  /** Null: without a picture. */
  video?: 'libx264' | 'mpeg4' | null
  audio?: 'aac' | 'mp3' | null
  /** More output options. */
  options?: readonly string[]
}

/** Makes a small MP4 with a real encoder, key frames every second. */
export async function makeSampleFile({
  path,
  seconds,
  video = 'libx264',
  audio = 'aac',
  options = [],
}: SampleFile): Promise<void> {
  const picture = { source: 'testsrc2=size=320x180:rate=25', options: ['-f', 'lavfi'] }
  const sound = { source: 'sine=frequency=440:sample_rate=48000', options: ['-f', 'lavfi'] }
  await runFfmpeg({
    inputs: [...(video ? [picture] : []), ...(audio ? [sound] : [])],
    outputs: [
      {
        target: path,
        options: [
          ...['-t', String(seconds), '-g', '25'],
          ...(video ? ['-c:v', video, '-pix_fmt', 'yuv420p'] : []),
          ...(video === 'libx264' ? ['-preset', 'ultrafast', '-bf', '2'] : []),
          ...(audio ? ['-c:a', audio, '-ac', '2'] : []),
          ...options,
          ...['-f', 'mp4'],
        ],
      },
    ],
    limits: { wallMs: 60_000 },
  })
}
