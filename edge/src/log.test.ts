import { expect, test } from 'vitest'
import { createLog } from './log.ts'

function linesOf(write: (log: ReturnType<typeof createLog>) => void): unknown[] {
  const lines: string[] = []
  write(createLog({ process: 'edge', level: 'info', nowMs: () => 5, write: (line) => lines.push(line) }))
  return lines.map((line) => JSON.parse(line))
}

test('a line is JSON as the Node roles write it; what is below the level is not written', () => {
  const lines = linesOf((log) => {
    log.debug({}, 'no')
    log.info({ requestId: 'r' }, 'yes')
  })
  expect(lines).toEqual([{ level: 'info', time: 5, process: 'edge', requestId: 'r', msg: 'yes' }])
})

test('an error is told without the token of the address in it', () => {
  const [line] = linesOf((log) => {
    log.error({ err: new TypeError('can not fetch http://x.test/p/eyJ.a.b/live/1/master.m3u8') }, 'failed')
    log.error({ err: 'text' }, 'failed')
  })
  expect(line).toMatchObject({
    err: { type: 'TypeError', message: 'can not fetch http://x.test/p/-/live/1/master.m3u8' },
  })
  expect(JSON.stringify(line)).not.toContain('eyJ')
})
