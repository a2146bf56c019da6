/** A line to paste into a shell: ffmpeg publishes a test picture with a tone until it is ended. No word needs quotes. */
export function publishCommand(server: string, streamKey: string): string {
  return [
    'ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000',
    '-c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 60 -b:v 2500k -maxrate 2500k -bufsize 5000k',
    `-c:a aac -b:a 128k -f flv ${server}/${streamKey}`,
  ].join(' ')
}
