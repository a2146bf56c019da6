import { crc32 } from 'node:zlib'
import { equals, toBinary } from '@bufbuild/protobuf'
import { RenditionInfoSchema, SegmentRecordSchema } from '@streamtube/contracts/gen/streamtube/v1/timeline_pb'
import { newId } from '@streamtube/contracts/ids.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FRAME_HEAD_BYTES, frame, MAX_BODY_BYTES, MAX_META_BYTES, readHead } from './frame.ts'
import type { SpoolHandle } from './fs.ts'
import { scanSpoolFile } from './scan.ts'
import { infoOf, mediaOf, recordOf } from './testing.ts'

const ROUNDS = process.env.LONG === '1' ? 200_000 : 4_000
const address = { timelineId: newId(), epoch: 1, renditionId: 'source' }
const sizes = [300, 0, 5_000, 1, 700]

const records = [
  frame('header', toBinary(RenditionInfoSchema, infoOf('source')), []),
  ...sizes.map((size, i) =>
    frame('segment', toBinary(SegmentRecordSchema, recordOf('source', i, size)), mediaOf('source', i, size)),
  ),
].map(({ buffers }) => Buffer.concat(buffers))
const file = Buffer.concat(records)

const unused = () => Promise.reject(new Error('a scan only reads'))

function handleOf(bytes: Buffer): SpoolHandle {
  return {
    async read(buffer, offset, length, position) {
      const bytesRead = bytes.copy(buffer, offset, position, position + length)
      return { bytesRead }
    },
    writev: unused,
    truncate: unused,
    datasync: unused,
    close: unused,
  }
}

const scan = (bytes: Buffer) => scanSpoolFile(handleOf(bytes), bytes.byteLength, address)

/** The numbers whose descriptions are found, and those whose media are whole. */
async function readAll(bytes: Buffer): Promise<{ found: number[]; whole: number[]; damaged: boolean }> {
  const { records: found, damage } = await scan(bytes)
  const result = { found: [] as number[], whole: [] as number[], damaged: damage.length > 0 }
  for (const one of found) {
    if (one.type === 'header') {
      expect(equals(RenditionInfoSchema, one.info, infoOf('source'))).toBe(true)
      continue
    }
    const sequence = Number(one.record.sequence)
    expect(equals(SegmentRecordSchema, one.record, recordOf('source', sequence, sizes[sequence] ?? -1))).toBe(
      true,
    )
    result.found.push(sequence)
    const media = bytes.subarray(one.at, one.at + one.sizeBytes)
    if (crc32(media) !== one.crc) continue
    expect(media).toEqual(Buffer.concat(mediaOf('source', sequence, one.sizeBytes)))
    result.whole.push(sequence)
  }
  return result
}

test('a file that was closed is read whole', async () => {
  const all = sizes.map((_, i) => i)
  expect(await readAll(file)).toEqual({ found: all, whole: all, damaged: false })
})

test('a file that ends anywhere counts up to its last whole record', async () => {
  let endsAt = records[0]?.byteLength ?? 0
  const ends = records.slice(1).map((record) => (endsAt += record.byteLength))
  for (let length = 0; length <= file.byteLength; length++) {
    const { whole, found } = await readAll(file.subarray(0, length))
    const expected = ends.flatMap((end, i) => (end <= length ? [i] : []))
    expect([length, found, whole]).toEqual([length, expected, expected])
  }
})

test('whatever becomes of its bytes, what is read is what was written, and the rest is said to be damaged', async () => {
  const at = fc.nat({ max: file.byteLength - 1 })
  const mutation = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), at, value: fc.nat({ max: 255 }) }),
    fc.record({
      kind: fc.constant('insert' as const),
      at,
      bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
    }),
    fc.record({ kind: fc.constant('remove' as const), at, count: fc.integer({ min: 1, max: 2_000 }) }),
    fc.record({ kind: fc.constant('zero' as const), at, count: fc.integer({ min: 1, max: 2_000 }) }),
    fc.record({ kind: fc.constant('repeat' as const), at, count: fc.integer({ min: 1, max: 2_000 }) }),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 4 }), async (mutations) => {
      const bytes = mutations.reduce(mutated, file)
      const { whole, damaged } = await readAll(bytes)
      expect(whole).toEqual(whole.toSorted((a, b) => a - b))
      if (whole.length < sizes.length && bytes.byteLength >= file.byteLength && !damaged) {
        // Only media differ: their descriptions were all found.
        expect((await readAll(bytes)).found).toHaveLength(sizes.length)
      }
    }),
    { numRuns: ROUNDS },
  )
}, 240_000)

type Mutation =
  | { kind: 'set'; at: number; value: number }
  | { kind: 'insert'; at: number; bytes: Uint8Array }
  | { kind: 'remove' | 'zero' | 'repeat'; at: number; count: number }

function mutated(bytes: Buffer, mutation: Mutation): Buffer {
  const { at } = mutation
  const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)]
  switch (mutation.kind) {
    case 'set':
      return Buffer.concat([before, Buffer.from([mutation.value]), behind.subarray(1)])
    case 'insert':
      return Buffer.concat([before, mutation.bytes, behind])
    case 'remove':
      return Buffer.concat([before, behind.subarray(mutation.count)])
    case 'zero':
      return Buffer.concat([before, Buffer.alloc(mutation.count), behind.subarray(mutation.count)])
    case 'repeat':
      return Buffer.concat([before, behind.subarray(0, mutation.count), behind])
    default:
      return mutation satisfies never
  }
}

test('records of another rendition or epoch are left out, what follows them is not', async () => {
  const bytes = Buffer.concat(
    [
      ['audio', 1, 1],
      ['source', 2, 2],
      ['source', 3, 1],
    ].flatMap(
      ([rendition, sequence, epoch]) =>
        frame(
          'segment',
          toBinary(SegmentRecordSchema, recordOf(String(rendition), Number(sequence), 0, Number(epoch))),
          [],
        ).buffers,
    ),
  )
  const { records: found, damage } = await scan(bytes)
  expect(found.map((one) => one.type === 'segment' && Number(one.record.sequence))).toEqual([3])
  expect(damage.map(({ what }) => what)).toEqual(['not-of-this-file', 'not-of-this-file'])
})

test('lengths beyond the limits are refused on both ways', () => {
  const head = Buffer.from(frame('segment', new Uint8Array(1), []).buffers[0] ?? [])
  const withLengths = (metaBytes: number, bodyBytes: number) => {
    head.writeUInt32BE(metaBytes, 8)
    head.writeUInt32BE(bodyBytes, 12)
    return readHead(head)
  }
  expect(withLengths(MAX_META_BYTES, MAX_BODY_BYTES)).toMatchObject({ metaBytes: MAX_META_BYTES })
  expect(withLengths(MAX_META_BYTES + 1, 0)).toBeNull()
  expect(withLengths(0, MAX_BODY_BYTES + 1)).toBeNull()
  expect(readHead(head.subarray(0, FRAME_HEAD_BYTES - 1))).toBeNull()
  expect(frame('segment', new Uint8Array(MAX_META_BYTES), []).bodyAt).toBe(FRAME_HEAD_BYTES + MAX_META_BYTES)
  expect(() => frame('segment', new Uint8Array(MAX_META_BYTES + 1), [])).toThrow(RangeError)
  const body = Array.from({ length: 256 }, () => new Uint8Array(1024 * 1024))
  expect(() => frame('segment', new Uint8Array(0), [...body, new Uint8Array(1)])).toThrow(RangeError)
})
