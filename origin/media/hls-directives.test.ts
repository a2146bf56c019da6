import { describe, expect, it } from 'vitest'
import { parseHlsDirectives } from './hls-directives.ts'

describe('HLS directives', () => {
  const parse = (query: string) => parseHlsDirectives(new URLSearchParams(query))

  it('are read', () => {
    expect(parse('')).toEqual({ msn: null, part: null, skip: false })
    expect(parse('_HLS_msn=12')).toEqual({ msn: 12, part: null, skip: false })
    expect(parse('_HLS_msn=12&_HLS_part=3&_HLS_skip=YES')).toEqual({ msn: 12, part: 3, skip: true })
    expect(parse('_HLS_skip=v2')).toEqual({ msn: null, part: null, skip: true })
  })

  it('are refused when they make no sense', () => {
    for (const query of [
      '_HLS_part=1',
      '_HLS_msn=-1',
      '_HLS_msn=1e3',
      '_HLS_msn=',
      '_HLS_msn=1&_HLS_part=x',
      '_HLS_skip=no',
    ]) {
      expect(parse(query)).toBeNull()
    }
  })
})
