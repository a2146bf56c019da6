import { createReadStream } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import { runFfmpeg } from '../../../origin/media/ffmpeg.ts'
import { FlvReader, type FlvTag } from '../../../origin/media/flv/reader.ts'
import { chunked, handshakeEnd, handshakeStart, publishCommands, setChunkSize } from '../rtmp-client.ts'
import { clockMs } from '../stamps.ts'
import { ClockPicture, HEIGHT, WIDTH } from './clock-picture.ts'

export const FRAME_RATE = 30
/** OBS's. */
const CHUNK_BYTES = 4096
const AAC_FRAME_MS = 1024 / 48

/** What became of a frame, in milliseconds since the Unix epoch; 0: not yet. */
export interface FrameTimes {
  /** Drawn, with this time in it. */
  drawnMs: number
  /** Out of the encoder. */
  encodedMs: number
  /** With the kernel, on its way to the ingest. */
  sentMs: number
}

/**
 * Publishes 720p30 as OBS does with x264's zerolatency, from pictures that show the time at which they were made, with
 * sound. Every frame's way is written down.
 */
export class ClockPublisher {
  /** By the frame's number. */
  readonly frames: FrameTimes[] = []
  /** Rejects when the encoder or the connection fails. */
  readonly failed: Promise<never>
  #fail: (error: unknown) => void = () => {}
  readonly #socket: Socket
  readonly #sound: readonly FlvTag[]
  readonly #raw = new PassThrough({ highWaterMark: 4 << 20 })
  readonly #picture = new ClockPicture()
  readonly #startMs = clockMs()
  readonly #stop = new AbortController()
  readonly #encoder: Promise<void>
  readonly #timer: ReturnType<typeof setInterval>
  #soundSent = 0

  /** @param soundFile an FLV file with AAC of 48 kHz, played again and again */
  static async start(rtmpPort: number, key: string, soundFile: string): Promise<ClockPublisher> {
    const sound: FlvTag[] = []
    const reader = new FlvReader((tag) => {
      if (tag.type === 8) sound.push({ ...tag, data: Uint8Array.from(tag.data) })
    })
    for await (const bytes of createReadStream(soundFile)) reader.push(bytes)
    return new ClockPublisher(rtmpPort, key, sound)
  }

  private constructor(rtmpPort: number, key: string, sound: readonly FlvTag[]) {
    this.#sound = sound
    this.failed = new Promise((_, reject) => {
      this.#fail = reject
    })
    // Whoever waits for nothing else hears of it anyway; whoever has stopped doesn't care.
    this.failed.catch(() => {})
    this.#socket = connect(rtmpPort, '127.0.0.1')
    this.#socket.setNoDelay(true)
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.resume()
    this.#socket.write(
      Buffer.concat([handshakeStart(), handshakeEnd(), publishCommands(key), setChunkSize(CHUNK_BYTES)]),
    )
    this.#encoder = this.#encode()
    this.#encoder.catch((error) => this.#fail(error))
    this.#timer = setInterval(() => this.#tick(), 2)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#stop.abort()
    this.#raw.destroy()
    this.#socket.destroy()
    await this.#encoder.catch(() => {})
  }

  #encode(): Promise<void> {
    const reader = new FlvReader((tag) => this.#sendPicture(tag))
    const out = new Writable({
      write(bytes: Buffer, _, done) {
        reader.push(bytes)
        done()
      },
    })
    const raw = [
      '-f',
      'rawvideo',
      '-pix_fmt',
      'yuv420p',
      '-s',
      `${WIDTH}x${HEIGHT}`,
      '-r',
      String(FRAME_RATE),
    ]
    return runFfmpeg({
      inputs: [{ source: this.#raw, options: ['-probesize', '32', '-analyzeduration', '0', ...raw] }],
      outputs: [
        {
          target: out,
          options: [
            ...['-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-threads', '1'],
            ...['-b:v', '2500k', '-maxrate', '2500k', '-bufsize', '2500k'],
            ...['-g', String(FRAME_RATE * 2), '-sc_threshold', '0', '-flush_packets', '1', '-f', 'flv'],
          ],
        },
      ],
      signal: this.#stop.signal,
    })
  }

  /** Draws the pictures and sends the sound that are due. */
  #tick(): void {
    const streamMs = clockMs() - this.#startMs
    while (this.frames.length * (1000 / FRAME_RATE) <= streamMs) {
      const drawnMs = Math.round(clockMs())
      this.#raw.write(this.#picture.draw(drawnMs, this.frames.length))
      this.frames.push({ drawnMs, encodedMs: 0, sentMs: 0 })
    }
    this.#sendSound(streamMs)
  }

  /** A frame of sound is there when its last sample is. */
  #sendSound(streamMs: number): void {
    const [config, ...frames] = this.#sound
    if (!config) return
    if (this.#soundSent === 0 && streamMs >= AAC_FRAME_MS) this.#send(config, 0)
    while ((this.#soundSent + 1) * AAC_FRAME_MS <= streamMs) {
      const frame = frames[this.#soundSent % frames.length]
      if (frame) this.#send(frame, this.#soundSent * AAC_FRAME_MS)
      this.#soundSent++
    }
  }

  #sendPicture(tag: FlvTag): void {
    if (tag.type !== 9) return
    const frame =
      tag.data[1] === 1 ? this.frames[Math.round((tag.timestampMs * FRAME_RATE) / 1000)] : undefined
    if (frame) frame.encodedMs = clockMs()
    this.#send(tag, tag.timestampMs, () => {
      if (frame) frame.sentMs = clockMs()
    })
  }

  #send({ type, data }: FlvTag, timeMs: number, done: () => void = () => {}): void {
    const chunkStream = type === 9 ? 6 : 4
    const timestampMs = Math.round(timeMs)
    const message = { chunkStream, type, timestampMs, messageStream: 1, payload: data }
    this.#socket.write(chunked(message, CHUNK_BYTES), done)
  }
}
