import { expect, test } from 'vitest'
import { encoders, findEncoder, probeEncoder } from './encoders.ts'

const [, x264] = encoders

test('x264 encodes a frame here, an encoder that ffmpeg does not have does not', async () => {
  expect(await probeEncoder(x264)).toBe(true)
  expect(await probeEncoder({ id: 'nvenc', arguments: () => ['-c:v', 'no_such_encoder'] })).toBe(false)
})

test('there is always an encoder', async () => {
  expect(encoders).toContain(await findEncoder())
})
