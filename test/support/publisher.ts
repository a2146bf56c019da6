import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { runFfmpeg } from '../../origin/media/ffmpeg.ts'

export interface SourceOptions {
  seconds?: number
  width?: number
  height?: number
  frameRate?: number
  /** Frames between key frames. Default: two seconds. */
  keyFrameInterval?: number
  videoBitrateBps?: number
  bFrames?: number
  audio?: boolean
}

/** Encodes a moving picture with a tone into an FLV file, once, so that publishing it is only copying. */
export async function makeSource(folder: string, options: SourceOptions = {}): Promise<string> {
  const { seconds = 10, width = 640, height = 360, frameRate = 30, videoBitrateBps = 800_000 } = options
  const { bFrames = 0, audio = true, keyFrameInterval = Math.round(frameRate * 2) } = options
  const path = join(
    folder,
    `source-${width}x${height}-${frameRate}-${bFrames}-${keyFrameInterval}-${audio}.flv`,
  )
  const picture = `testsrc2=size=${width}x${height}:rate=${frameRate}`
  await runFfmpeg({
    inputs: [
      { source: picture, options: ['-f', 'lavfi', '-t', String(seconds)] },
      ...(audio
        ? [
            {
              source: 'sine=frequency=440:sample_rate=48000',
              options: ['-f', 'lavfi', '-t', String(seconds)],
            },
          ]
        : []),
    ],
    outputs: [
      {
        target: path,
        options: [
          ...['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-bf', String(bFrames)],
          ...[
            '-b:v',
            String(videoBitrateBps),
            '-maxrate',
            String(videoBitrateBps),
            '-bufsize',
            String(videoBitrateBps),
          ],
          ...[
            '-x264-params',
            `nal-hrd=cbr:keyint=${keyFrameInterval}:min-keyint=${keyFrameInterval}:scenecut=0`,
          ],
          ...(audio ? ['-c:a', 'aac', '-b:a', '128k', '-ac', '2'] : []),
          ...['-f', 'flv'],
        ],
      },
    ],
    limits: { wallMs: 120_000 },
  })
  return path
}

/** An ffmpeg that publishes. */
export interface Publisher {
  /** Resolves when it has ended by itself or was stopped; rejects with its last words when it failed. */
  ended: Promise<void>
  /** Ends the stream as an encoder does, with its goodbye. */
  stop(): Promise<void>
  /** Dies without a word. */
  kill(): Promise<void>
  /** Sends nothing more, and keeps its connection: a machine or a network that hangs. */
  pause(): void
  /** Goes on, with what is overdue first. */
  resume(): void
}

export interface PublishOptions {
  /** Play the file again and again. Default true. */
  loop?: boolean
  /** More options of ffmpeg's RTMP output, e.g. `-rtmp_app`. */
  output?: readonly string[]
}

/** Publishes a file in real time, without encoding. */
export function startPublisher(
  file: string,
  url: string,
  { loop = true, output = [] }: PublishOptions = {},
): Publisher {
  const stop = new AbortController()
  let pid: number | null = null
  const ended = runFfmpeg({
    inputs: [{ source: file, options: ['-re', ...(loop ? ['-stream_loop', '-1'] : [])] }],
    outputs: [{ target: url, options: ['-c', 'copy', '-f', 'flv', ...output] }],
    signal: stop.signal,
    abortWith: 'SIGTERM',
    onStart: (started) => {
      pid = started.pid
    },
  })
  const signal = (name: NodeJS.Signals) => {
    if (pid !== null) process.kill(pid, name)
  }
  // Whoever stops it isn't interested in how it ended.
  const quietly = ended.catch(() => {})
  return {
    ended,
    async stop() {
      stop.abort()
      await quietly
    },
    async kill() {
      signal('SIGKILL')
      await quietly
    },
    pause: () => signal('SIGSTOP'),
    resume: () => signal('SIGCONT'),
  }
}

/** OBS tries again after a second or two. */
const RECONNECT_MS = 1_000

/** Publishes a file again and again, also after its connection was lost, as encoders do. */
export function keepPublishing(file: string, url: string): { connections(): number; stop(): Promise<void> } {
  const stopping = new AbortController()
  let connections = 0
  const running = (async () => {
    while (!stopping.signal.aborted) {
      connections++
      const publisher = startPublisher(file, url)
      const stop = () => void publisher.stop()
      stopping.signal.addEventListener('abort', stop, { once: true })
      await publisher.ended.catch(() => {})
      stopping.signal.removeEventListener('abort', stop)
      await wait(RECONNECT_MS, undefined, { signal: stopping.signal }).catch(() => {})
    }
  })()
  return {
    connections: () => connections,
    async stop() {
      stopping.abort()
      await running
    },
  }
}
