import { describe, expect, it } from 'vitest'
import { BREAKS_OF_ONE } from './breaks-of-one.ts'
import { BREAKS_OVER_TIME } from './breaks-over-time.ts'
import { createLinter } from './linter.ts'
import { goodStream } from './made-stream.ts'
import type { SeenPlaylist } from './seen.ts'
import { describeViolation, RULES } from './violation.ts'

const BREAKS = [...BREAKS_OF_ONE, ...BREAKS_OVER_TIME]

function lint(stream: readonly SeenPlaylist[]) {
  const linter = createLinter({ slackMs: 0 })
  for (const playlist of stream) linter.see(playlist)
  return linter
}

describe('the linter', () => {
  it('finds nothing in a good stream, with a gap, a second epoch, delta updates and an end', () => {
    const linter = lint(goodStream())
    expect(linter.violations.map(describeViolation)).toEqual([])
    expect(linter.seen.multivariant).toBe(1)
    expect(linter.seen.media).toBeGreaterThan(200)
    expect(linter.seen.deltas).toBeGreaterThan(50)
  })

  it.each(BREAKS)('finds $rule: $name', ({ rule, change }) => {
    const broken = change(goodStream())
    const violations = lint(broken).violations.filter((violation) => violation.rule === rule)
    expect(violations.length).toBeGreaterThan(0)
    expect(violations[0]?.sentence).toBe(RULES[rule])
  })

  it('is tested with a stream that breaks it, for every rule', () => {
    const broken = new Set(BREAKS.map(({ rule }) => rule))
    expect(Object.keys(RULES).filter((rule) => !broken.has(rule as never))).toEqual([])
  })

  it('quotes the lines at fault, and no token', () => {
    const [first] = BREAKS.filter(({ rule }) => rule === 'part-long')
    const [violation] = lint(first?.change(goodStream()) ?? []).violations
    if (!violation) throw new Error('nothing was found')
    const text = describeViolation(violation)
    expect(text).toContain('> #EXT-X-PART:DURATION=0.25000')
    expect(text).toContain('/p/-/live/b/source.m3u8')
    expect(text).not.toContain('token')
  })
})
