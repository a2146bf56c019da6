import { execFile } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { promisify } from 'node:util'
import ffmpegCommand from 'fluent-ffmpeg'
import { z } from 'zod'

/** The only module that runs ffmpeg. Argument lists are made by pure functions elsewhere and handed in whole. */

export interface FfmpegInput {
  /** A file, an address, a lavfi graph, or one stream that becomes ffmpeg's stdin. */
  source: string | Readable
  /** Options that stand before this `-i`. */
  options: readonly string[]
}

export interface FfmpegOutput {
  /** A file, an address (`unix:...`), or one stream that takes ffmpeg's stdout. */
  target: string | Writable
  /** Options that stand before this target. */
  options: readonly string[]
}

export interface FfmpegLimits {
  /** Killed after this long on the clock. */
  wallMs?: number
  /** Ends itself after this much processor time. */
  cpuSeconds?: number
  /** Largest single allocation. */
  allocationBytes?: number
}

export interface FfmpegProgress {
  /** How far the output has come. */
  timeMs: number
  /** Output time per time on the clock; 1 is real time. Null until ffmpeg says it. */
  speed: number | null
}

export interface FfmpegRun {
  inputs: readonly FfmpegInput[]
  outputs: readonly FfmpegOutput[]
  limits?: FfmpegLimits
  /** Its abort ends ffmpeg with `abortWith`, and with SIGKILL if that did not do within 5 s. */
  signal?: AbortSignal
  /** Default SIGKILL; SIGTERM lets ffmpeg finish its files and say goodbye to servers. */
  abortWith?: 'SIGKILL' | 'SIGTERM'
  /** Scheduling priority, 0 to 19 (last). Default 0. */
  niceness?: number
  onStart?: (process: { pid: number; command: string }) => void
  onProgress?: (progress: FfmpegProgress) => void
}

export type FfmpegErrorCode = 'not-found' | 'failed' | 'timeout' | 'aborted'

/** ffmpeg could not be run, or did not do what it was asked. `stderr` holds its last lines. */
export class FfmpegError extends Error {
  readonly code: FfmpegErrorCode
  readonly stderr: string
  constructor(code: FfmpegErrorCode, message: string, stderr = '') {
    super(message)
    this.name = 'FfmpegError'
    this.code = code
    this.stderr = stderr
  }
}

const ABORT_GRACE_MS = 5_000
const running = new Set<() => void>()
process.once('exit', () => {
  for (const kill of running) kill()
})

/**
 * Runs ffmpeg and resolves when it has ended well.
 * @throws FfmpegError `not-found`, `failed` (its exit code and last words), `timeout` (`limits.wallMs`), `aborted`
 */
export function runFfmpeg(run: FfmpegRun): Promise<void> {
  if (run.signal?.aborted)
    return Promise.reject(new FfmpegError('aborted', 'ffmpeg was not started: aborted'))
  return new Promise((resolve, reject) => {
    const command = buildCommand(run)
    const lines: string[] = []
    let ending: 'timeout' | 'aborted' | null = null
    let pid: number | null = null
    const kill = (signal: NodeJS.Signals = 'SIGKILL') => {
      if (pid !== null) command.kill(signal)
    }
    const timers: NodeJS.Timeout[] = []
    const end = (why: 'timeout' | 'aborted', signal: NodeJS.Signals) => {
      ending ??= why
      kill(signal)
      timers.push(setTimeout(kill, ABORT_GRACE_MS))
    }
    const onAbort = () => end('aborted', run.abortWith ?? 'SIGKILL')
    const settle = (finish: () => void) => {
      for (const timer of timers) clearTimeout(timer)
      run.signal?.removeEventListener('abort', onAbort)
      running.delete(kill)
      finish()
    }

    command.on('start', (line: string) => {
      pid = childPid(command)
      if (pid !== null) run.onStart?.({ pid, command: line })
      if (ending) kill()
    })
    command.on('stderr', (line: string) => {
      const progress = parseProgress(line)
      if (progress) return run.onProgress?.(progress)
      lines.push(line)
      if (lines.length > 20) lines.shift()
    })
    command.on('end', () =>
      settle(() => (ending === 'timeout' ? reject(failure(ending, '', lines)) : resolve())),
    )
    command.on('error', (error: Error) => settle(() => reject(failure(ending, error.message, lines))))

    running.add(kill)
    run.signal?.addEventListener('abort', onAbort, { once: true })
    if (run.limits?.wallMs !== undefined) {
      timers.push(setTimeout(() => end('timeout', 'SIGKILL'), run.limits.wallMs))
    }
    command.run()
  })
}

/** The options that every run begins with. */
export function globalArguments(run: Pick<FfmpegRun, 'limits' | 'onProgress'>): string[] {
  const limits = run.limits ?? {}
  return [
    '-hide_banner',
    '-nostdin',
    '-y',
    ...(run.onProgress ? ['-stats', '-stats_period', '1'] : ['-nostats']),
    ...(limits.cpuSeconds === undefined ? [] : ['-timelimit', String(Math.ceil(limits.cpuSeconds))]),
    ...(limits.allocationBytes === undefined ? [] : ['-max_alloc', String(limits.allocationBytes)]),
  ]
}

/** Reads one of ffmpeg's status lines; null for any other line. */
export function parseProgress(line: string): FfmpegProgress | null {
  const time = /\btime=(-?)(\d+):(\d\d):(\d\d(?:\.\d+)?)/.exec(line)
  if (!time) return null
  const [, sign, hours, minutes, seconds] = time
  const timeMs = Math.round((Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000)
  const speed = /\bspeed=\s*([\d.e+-]+)x/.exec(line)?.[1]
  return { timeMs: sign ? 0 : timeMs, speed: speed === undefined ? null : Number(speed) }
}

function buildCommand(run: FfmpegRun) {
  const command = ffmpegCommand({ niceness: run.niceness ?? 0, stdoutLines: 20 })
  // Its own checks start two more processes and misread newer builds' lists; our argument lists are fixed and tested.
  Object.assign(command, {
    _checkCapabilities: (done: (error: null) => void) => done(null),
    availableEncoders: (done: (error: null, encoders: object) => void) => done(null, {}),
  })
  run.inputs.forEach((input, index) => {
    const before = index === 0 ? globalArguments(run) : ['-thread_queue_size', '64']
    command.input(input.source).inputOptions(...spread([...before, ...input.options]))
  })
  for (const output of run.outputs) {
    if (typeof output.target === 'string' && output.target.startsWith('-')) {
      throw new FfmpegError('failed', 'an output that begins with a hyphen would be read as an option')
    }
    command.output(output.target)
    if (output.options.length > 0) command.outputOptions(...spread(output.options))
  }
  return command
}

/** fluent-ffmpeg splits an only argument at its space; of two or more it splits none. */
function spread(options: readonly string[]): [string, ...string[]] {
  const [first = '-nostats', ...rest] = options
  return rest.length > 0 ? [first, ...rest] : ['-nostats', first]
}

function childPid(command: object): number | null {
  const child = 'ffmpegProc' in command ? command.ffmpegProc : null
  const pid = typeof child === 'object' && child !== null && 'pid' in child ? child.pid : null
  return typeof pid === 'number' ? pid : null
}

function failure(ending: 'timeout' | 'aborted' | null, message: string, lines: string[]): FfmpegError {
  const stderr = lines.join('\n')
  if (ending === 'timeout') return new FfmpegError('timeout', 'ffmpeg took too long and was ended', stderr)
  if (ending === 'aborted') return new FfmpegError('aborted', 'ffmpeg was ended', stderr)
  if (/cannot find ffmpeg|ENOENT/i.test(message))
    return new FfmpegError('not-found', 'ffmpeg is not installed')
  return new FfmpegError('failed', message, stderr)
}

const decimal = z.coerce.number().catch(0)
const probedStream = z.object({
  index: z.number(),
  codec_type: z.string(),
  codec_name: z.string().default('unknown'),
  profile: z.string().optional(),
  width: z.number().optional(),
  height: z.number().optional(),
  pix_fmt: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  sample_rate: z.coerce.number().optional(),
  channels: z.number().optional(),
  start_time: decimal.optional(),
  duration: decimal.optional(),
})
const probedFile = z.object({
  format: z.object({ format_name: z.string(), duration: decimal.optional(), bit_rate: decimal.optional() }),
  streams: z.array(probedStream),
})

/** What ffprobe says of a file. Times in seconds. */
export type Probe = z.infer<typeof probedFile>

const execute = promisify(execFile)

interface ProbeOptions {
  options?: readonly string[]
  wallMs?: number
  signal?: AbortSignal
}

/**
 * Looks into a file.
 * @param options for untrusted input: `-f FORMAT`, `-protocol_whitelist file`
 * @throws FfmpegError `failed` when it isn't media, `timeout` (default 10 s), `aborted`, `not-found`
 */
export async function probe(
  source: string,
  { options = [], wallMs = 10_000, signal }: ProbeOptions = {},
): Promise<Probe> {
  const list = ['-v', 'error', '-show_streams', '-show_format', '-of', 'json', ...options, '-i', source]
  const stdout = await runProbe(list, { wallMs, signal })
  try {
    return probedFile.parse(JSON.parse(stdout))
  } catch (error) {
    throw probeFailure(error, signal)
  }
}

/**
 * When the frames of a file's picture are shown, in seconds, in the order in which they are stored.
 * @param options as of `probe`
 * @throws FfmpegError as `probe`
 */
export async function frameTimes(
  source: string,
  { options = [], wallMs = 60_000, signal }: ProbeOptions = {},
): Promise<number[]> {
  const shown = ['-select_streams', 'v:0', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0']
  const stdout = await runProbe(['-v', 'error', ...shown, ...options, '-i', source], { wallMs, signal })
  return stdout.split('\n').flatMap((line) => (line.trim() === '' ? [] : [Number.parseFloat(line)]))
}

async function runProbe(
  list: readonly string[],
  { wallMs, signal }: { wallMs: number; signal: AbortSignal | undefined },
): Promise<string> {
  try {
    const { stdout } = await execute('ffprobe', list, {
      timeout: wallMs,
      killSignal: 'SIGKILL',
      maxBuffer: 4 * 1024 * 1024,
      ...(signal && { signal }),
    })
    return stdout
  } catch (error) {
    throw probeFailure(error, signal)
  }
}

function probeFailure(error: unknown, signal: AbortSignal | undefined): FfmpegError {
  const { code, killed, stderr } = error as { code?: unknown; killed?: boolean; stderr?: string }
  if (signal?.aborted) return new FfmpegError('aborted', 'ffprobe was ended')
  if (code === 'ENOENT') return new FfmpegError('not-found', 'ffprobe is not installed')
  if (killed) return new FfmpegError('timeout', 'ffprobe took too long and was ended')
  return new FfmpegError('failed', `ffprobe could not read it: ${stderr?.trim() || String(error)}`, stderr)
}

/** ffmpeg's version, or null when ffmpeg or ffprobe isn't there. */
export async function findFfmpeg(): Promise<{ version: string } | null> {
  try {
    const options = { timeout: 10_000, killSignal: 'SIGKILL' as const }
    const [{ stdout }] = await Promise.all([
      execute('ffmpeg', ['-version'], options),
      execute('ffprobe', ['-version'], options),
    ])
    return { version: /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? 'unknown' }
  } catch {
    return null
  }
}
