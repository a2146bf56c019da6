import { createLineFormatter } from '../log.ts'

/** Where the one log of all parts goes: tidy lines for a terminal, JSON lines elsewhere. */
export function openOutput(stream: NodeJS.WriteStream): (jsonLine: string) => void {
  if (!stream.isTTY) return (line) => void stream.write(`${line}\n`)
  const format = createLineFormatter(!process.env.NO_COLOR)
  return (line) => void stream.write(format(line))
}
