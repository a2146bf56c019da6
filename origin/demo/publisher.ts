import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from '../log.ts'
import { FfmpegError, runFfmpeg } from '../media/ffmpeg.ts'
import { type LiveArguments, liveInputs, liveOutputOptions } from './live-arguments.ts'

export interface PublisherOptions extends LiveArguments {
  /** With the stream key: never logged. */
  target: string
  log: Logger
}

export interface Publisher {
  /** Ends the stream. */
  close(): Promise<void>
}

const FIRST_PAUSE_MS = 500
const LONGEST_PAUSE_MS = 10_000
/** One that ran this long has worked: the next failure is a new one. */
const STEADY_MS = 20_000
/** Starts without a clock after so many failures at once: some ffmpegs draw no text. */
const FAILURES_WITH_CLOCK = 3
const NICENESS = 2

/** Publishes a film with a clock, for as long as it isn't closed: an ffmpeg that dies is started again. */
export function startPublisher(options: PublisherOptions): Publisher {
  const stop = new AbortController()
  const running = publishOn(options, stop.signal)
  return {
    async close() {
      stop.abort()
      await running
    },
  }
}

async function publishOn(options: PublisherOptions, signal: AbortSignal): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    const startedMs = performance.now()
    const fontFile = failures < FAILURES_WITH_CLOCK ? options.fontFile : null
    try {
      await publishOnce({ ...options, fontFile }, signal)
    } catch (error) {
      if (signal.aborted) return
      // Its words may hold the address with the key in it.
      const code = error instanceof FfmpegError ? error.code : String(error)
      options.log.warn({ code, failures }, 'The demo stream broke off; starting it again')
    }
    failures = performance.now() - startedMs > STEADY_MS ? 0 : failures + 1
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures)
    await wait(pauseMs, undefined, { signal }).catch(() => undefined)
  }
}

/**
 * Publishes until `signal` is aborted.
 * @throws FfmpegError, `aborted` after that
 */
async function publishOnce(options: Omit<PublisherOptions, 'log'>, signal: AbortSignal): Promise<void> {
  await runFfmpeg({
    inputs: liveInputs(options),
    outputs: [{ target: options.target, options: liveOutputOptions(options) }],
    niceness: NICENESS,
    signal,
    abortWith: 'SIGTERM',
  })
}
