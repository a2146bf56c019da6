import { expect, test } from 'vitest'
import { inspectAccessUnit } from '../../origin/media/h264/nal.ts'
import { lastStampMs, withRoomForStamp, writeStamp } from './stamps.ts'

const slice = [0, 0, 0, 3, 0x65, 0x88, 0x84]
const frame = { type: 9 as const, timestampMs: 0, data: Buffer.from([0x17, 1, 0, 0, 0, ...slice]) }
const sound = { type: 8 as const, timestampMs: 0, data: Buffer.from([0xaf, 1, 0x21, 0x10]) }

test.each([frame, sound])('a frame says when it was sent, and keeps what it was (type $type)', (tag) => {
  const { tag: stamped, stampAt } = withRoomForStamp(tag)
  const data = Buffer.from(stamped.data)
  writeStamp(data, Number(stampAt), 1_763_830_000_123.25)
  expect(lastStampMs(Buffer.concat([Buffer.alloc(100), data]))).toBe(1_763_830_000_123.25)
  expect(data.subarray(0, 2)).toEqual(tag.data.subarray(0, 2))
  expect(data.subarray(-2)).toEqual(tag.data.subarray(-2))
})

test('of several frames the last one counts', () => {
  const parts = [1, 2].map((timeMs) => {
    const { tag, stampAt } = withRoomForStamp(frame)
    const data = Buffer.from(tag.data)
    writeStamp(data, Number(stampAt), timeMs)
    return data
  })
  expect(lastStampMs(Buffer.concat(parts))).toBe(2)
})

test('a stamped frame is still an access unit with its picture', () => {
  const { data } = withRoomForStamp(frame).tag
  expect(inspectAccessUnit(data.subarray(5), 4)).toMatchObject({ picture: true, key: true })
})

test('what has no frame gets no stamp', () => {
  const config = { ...frame, data: Buffer.from([0x17, 0, 0, 0, 0, 1, 2, 3]) }
  expect(withRoomForStamp(config)).toEqual({ tag: config, stampAt: null })
  expect(lastStampMs(Buffer.from(config.data))).toBeNull()
})
