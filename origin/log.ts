import { type DestinationStream, pino } from 'pino'
import { prettyFactory } from 'pino-pretty'

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

interface LogLine {
  (message: string): void
  (fields: object, message: string): void
}

/**
 * One process's log. Put ids into `fields` (`requestId`, `broadcastId`, ...), an error under `err`; the message is a
 * plain sentence without them.
 */
export interface Logger {
  debug: LogLine
  info: LogLine
  warn: LogLine
  error: LogLine
  /** A logger whose every line carries these fields. */
  child(fields: object): Logger
}

export interface LogOptions {
  /** The process's name, shown with each line. */
  process: string
  level?: LogLevel
  /** Where lines go; stdout unless given. */
  stream?: DestinationStream
  /** For people instead of machines. Default: only when stdout is a terminal. */
  pretty?: boolean
}

/** Never to be seen in a log, wherever they stand in the fields. */
const secrets = ['password', 'streamKey', 'serviceToken', 'token', 'authorization', 'cookie']

/** Makes a process's logger: JSON lines, or one tidy line an event where a person looks on. */
export function createLogger({ process: name, level = 'info', stream, pretty }: LogOptions): Logger {
  const target = stream ?? process.stdout
  const forPeople = pretty ?? (stream === undefined && process.stdout.isTTY === true)
  const options = {
    level,
    base: { process: name },
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secrets.flatMap((key) => [key, `*.${key}`]), censor: '(hidden)' },
  }
  if (!forPeople) return pino(options, target)
  const format = createLineFormatter(true)
  return pino(options, { write: (line: string) => void target.write(format(line)) })
}

/** Returns a function that turns a JSON log line into a line for people (with its line end). */
export function createLineFormatter(colour: boolean): (line: string) => string {
  return prettyFactory({
    colorize: colour,
    translateTime: 'SYS:HH:MM:ss',
    ignore: 'pid,hostname,process',
    singleLine: true,
    messageFormat: (fields, messageKey) =>
      `${String(fields.process ?? '').padEnd(9)} ${fields[messageKey] ?? ''}`,
  })
}
