import { PortError } from '../error.ts'
import { checkTime } from './check.ts'

/** Where a page ended. */
export interface DocPosition {
  timeMs: number
  id: string
}

const CURSOR = /^(\d{1,15})\.([a-zA-Z0-9_-]{1,64})$/

export function encodeCursor({ timeMs, id }: DocPosition): string {
  return `${timeMs}.${id}`
}

/** @throws PortError `invalid` for what no page's `next` said */
export function decodeCursor(cursor: string): DocPosition {
  const [, time, id] = CURSOR.exec(cursor) ?? []
  if (time === undefined || id === undefined) throw new PortError('docs', 'invalid', 'that is no cursor')
  checkTime(Number(time))
  return { timeMs: Number(time), id }
}
