import { beforeAll, expect, test } from 'vitest'
import { nvdecRow, nvencRow, x264Row } from './encoders.ts'
import { FfmpegError } from './ffmpeg.ts'
import { findEncoderRows, makeFrame, rowWorks } from './find-encoders.ts'

let frame: Uint8Array
beforeAll(async () => {
  frame = await makeFrame()
})

test('a frame goes through all of the x264 row', async () => {
  expect(await rowWorks(x264Row, frame)).toBe(true)
})

test.each([
  ['an encoder', { ...x264Row, encode: () => ['-c:v', 'no_such_encoder'] }],
  ['a scaler', { ...x264Row, scale: () => 'no_such_filter' }],
  ['a decoder', { ...x264Row, input: ['-hwaccel', 'cuda', '-hwaccel_device', '99'] }],
  ['a frame to decode', { ...x264Row, scale: () => 'select=0,scale=426:240' }],
])('a row without %s does not work', async (_, row) => {
  expect(await rowWorks(row, frame)).toBe(false)
})

test('a search that is given up says so', async () => {
  const error = await findEncoderRows(AbortSignal.abort()).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(FfmpegError)
  expect(error).toHaveProperty('code', 'aborted')
})

test('what is found works, best first, and x264 is the last resort', async () => {
  const found = await findEncoderRows()
  expect(found.at(-1)).toBe(x264Row)
  expect(found).toEqual([nvencRow, nvdecRow, x264Row].filter((row) => found.includes(row)))
})

test.each([nvdecRow, nvencRow])('a frame goes through all of the $id row', async (row) => {
  // Where there is no such card, the row must fail well, and in time.
  expect(await rowWorks(row, frame)).toBe((await findEncoderRows()).includes(row))
})
