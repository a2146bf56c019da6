const logLevels = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: 100,
} as const
export type LogLevel = keyof typeof logLevels

/** Ids and figures of a log line. Never a playback token, a cookie or a query (queries hold one-time links). */
type LogFields = Readonly<Record<string, unknown>>

/** The edge's log: the shape of the Node roles' lines, so that the supervisor shows one log. */
export interface Log {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
}

export interface LogOptions {
  /** The process's name, shown with each line. */
  process: string
  level: LogLevel
  nowMs: () => number
  write: (line: string) => void
}

/** True for the name of a level. */
export function isLogLevel(value: string): value is LogLevel {
  return Object.hasOwn(logLevels, value)
}

/** Makes a log of JSON lines: `level` (its name), `time` (ms), `process`, the fields, `msg`. */
export function createLog({ process, level, nowMs, write }: LogOptions): Log {
  function at(name: LogLevel) {
    if (logLevels[name] < logLevels[level]) return () => {}
    return (fields: LogFields, msg: string) => {
      const err = 'err' in fields ? { err: errorFields(fields.err) } : {}
      write(JSON.stringify({ level: name, time: nowMs(), process, ...fields, ...err, msg }))
    }
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  }
}

/** What a log line says of an error. Media addresses hold tokens, so an error's text is searched for them. */
function errorFields(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error, message: hideTokens(String(error)) }
  return {
    type: error.name,
    message: hideTokens(error.message),
    ...(error.stack && { stack: hideTokens(error.stack) }),
  }
}

/** Replaces playback tokens in a text: `/p/<token>/...` becomes `/p/-/...`. */
export function hideTokens(text: string): string {
  return text.replace(/\/p\/[^/\s]+/g, '/p/-')
}
