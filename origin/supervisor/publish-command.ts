/** Arguments with which ffmpeg publishes a test picture with a tone, in real time, until it is ended. */
export function publishArguments(server: string, streamKey: string): string[] {
  const input = ['-re', '-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30']
  const sound = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000']
  const video = ['-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p']
  const rate = ['-g', '60', '-b:v', '2500k', '-maxrate', '2500k', '-bufsize', '5000k']
  return [
    ...input,
    ...sound,
    ...video,
    ...rate,
    '-c:a',
    'aac',
    '-b:a',
    '128k',
    '-f',
    'flv',
    `${server}/${streamKey}`,
  ]
}

/** The same as a line to paste into a shell; none of its words needs quotes. */
export function publishCommand(server: string, streamKey: string): string {
  return ['ffmpeg', ...publishArguments(server, streamKey)].join(' ')
}
