const MAX_LINE_CHARS = 64 * 1024

/** Splits a stream of text into lines. A line that is longer than 64 Ki is cut, so that a child can't fill our memory. */
export function lineSplitter(onLine: (line: string) => void): (chunk: string) => void {
  let rest = ''
  return (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > MAX_LINE_CHARS) {
      lines.push(rest.slice(0, MAX_LINE_CHARS))
      rest = ''
    }
    for (const line of lines) if (line.trim() !== '') onLine(line)
  }
}

/**
 * What a child wrote, as one JSON log line with its name. Its own JSON lines pass; anything else (a runtime's warning, a
 * library's print) becomes the message of one.
 */
export function toLogLine(part: string, line: string, level: 'info' | 'warn', nowMs: number): string {
  const fields = parseObject(line)
  if (fields && 'msg' in fields) return JSON.stringify({ process: part, ...fields })
  return JSON.stringify({ level, time: nowMs, process: part, msg: line })
}

/** The message of a JSON log line; undefined for anything else. */
export function messageOf(line: string): unknown {
  const fields = parseObject(line)
  return fields && 'msg' in fields ? fields.msg : undefined
}

function parseObject(line: string): object | null {
  if (!line.startsWith('{')) return null
  try {
    return JSON.parse(line) as object
  } catch {
    return null
  }
}
