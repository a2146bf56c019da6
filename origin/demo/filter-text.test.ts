import { copyFile, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runFfmpeg } from '../media/ffmpeg.ts'
import { CLOCK_TEXT, escapeFilterValue, textFilter } from './filter-text.ts'
import { findFont } from './font.ts'

describe('text on a picture', () => {
  let folder: string
  let font: string | null
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'text-'))
    font = await findFont()
  })
  afterAll(() => rm(folder, { recursive: true }))

  const draw = async (text: string, fontFile: string) => {
    const target = join(folder, 'frame.rgb')
    const filter = textFilter({ fontFile, text, sizePx: 40, x: '10', y: '10' })
    await runFfmpeg({
      inputs: [{ source: 'color=black:size=320x60', options: ['-f', 'lavfi'] }],
      outputs: [{ target, options: ['-vf', filter, '-frames:v', '1', '-f', 'rawvideo'] }],
      limits: { wallMs: 20_000 },
    })
    return await readFile(target)
  }

  it('is escaped for both levels of a filter graph', () => {
    expect(escapeFilterValue('plain text')).toBe('plain text')
    expect(escapeFilterValue("it's [1:2], 3; \\")).toBe("it\\\\\\'s \\[1\\\\:2\\]\\, 3\\; \\\\\\\\")
  })

  it('takes a font from a folder of any name', async (context) => {
    if (!font) return context.skip()
    const odd = join(folder, "it's, [a]: b; c")
    await mkdir(odd)
    const copy = join(odd, 'font.ttf')
    await copyFile(font, copy)
    expect((await draw('abc', copy)).equals(await draw('abc', font))).toBe(true)
  })

  it('shows the time of day', async (context) => {
    if (!font) return context.skip()
    const timeNow = () => new Date().toTimeString().slice(0, 8)
    for (;;) {
      const before = timeNow()
      const clock = await draw(CLOCK_TEXT, font)
      if (timeNow() !== before) continue
      expect(clock.equals(await draw(before.replaceAll(':', '\\:'), font))).toBe(true)
      expect(clock.equals(await draw('00\\:00\\:61', font))).toBe(false)
      return
    }
  })
})
