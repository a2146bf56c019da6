import type { FfmpegInput, FfmpegOutput } from '../media/ffmpeg.ts'

/** What publishes a test picture with a tone until it is ended. No word of it needs quotes in a shell. */
export function publishRun(
  server: string,
  streamKey: string,
): { inputs: FfmpegInput[]; outputs: FfmpegOutput[] } {
  return {
    inputs: [
      { options: words('-re -f lavfi'), source: 'testsrc2=size=1280x720:rate=30' },
      { options: words('-f lavfi'), source: 'sine=frequency=440:sample_rate=48000' },
    ],
    outputs: [
      {
        options: [
          ...words('-c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 60'),
          ...words('-b:v 2500k -maxrate 2500k -bufsize 5000k -c:a aac -b:a 128k -f flv'),
        ],
        target: `${server}/${streamKey}`,
      },
    ],
  }
}

/** The same as a line to paste into a shell. */
export function publishCommand(server: string, streamKey: string): string {
  const { inputs, outputs } = publishRun(server, streamKey)
  return [
    'ffmpeg',
    ...inputs.flatMap(({ options, source }) => [...options, '-i', source]),
    ...outputs.flatMap(({ options, target }) => [...options, target]),
  ].join(' ')
}

function words(text: string): string[] {
  return text.split(' ')
}
