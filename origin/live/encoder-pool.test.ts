import { expect, test } from 'vitest'
import { nvdecRow, nvencRow, x264Row } from '../media/encoders.ts'
import { EncoderPool } from './encoder-pool.ts'

const all = Promise.resolve([nvencRow, nvdecRow, x264Row])

test('the card’s sessions are bounded: what is over goes to the next row, and back when there is room', async () => {
  const pool = new EncoderPool(all, 5)
  const first = await pool.take(3, false)
  const second = await pool.take(3, false)
  const small = await pool.take(2, false)
  expect([first, second, small].map(({ row }) => row)).toEqual([nvencRow, nvdecRow, nvencRow])
  first.release()
  first.release()
  expect(pool.likely(4)).toBe(nvdecRow)
  expect((await pool.take(3, false)).row).toBe(nvencRow)
})

test('a bound of zero leaves the card’s encoder alone, and a card that failed is asked no more', async () => {
  expect((await new EncoderPool(all, 0).take(1, false)).row).toBe(nvdecRow)
  expect((await new EncoderPool(all, 8).take(1, true)).row).toBe(x264Row)
})

test('before it is known what works, x264 is assumed', async () => {
  const { promise, resolve } = Promise.withResolvers<(typeof x264Row)[]>()
  const pool = new EncoderPool(promise, 8)
  expect(pool.likely(3)).toBe(x264Row)
  resolve([nvencRow, x264Row])
  await pool.take(3, false)
  expect([pool.likely(5), pool.likely(6)]).toEqual([nvencRow, x264Row])
})

test('a search that failed is told to whoever wants an encoder', async () => {
  const pool = new EncoderPool(Promise.reject(new Error('no ffmpeg')), 8)
  await expect(pool.take(1, false)).rejects.toThrow('no ffmpeg')
})
