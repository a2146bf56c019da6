import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeLog, decodeRecord, encodeRecord, type KvRecord } from './record.ts'

const record: fc.Arbitrary<KvRecord> = fc.oneof(
  fc.record({
    type: fc.constant('set' as const),
    key: fc.string({ unit: 'binary' }),
    value: fc.string({ unit: 'binary' }),
    expiresAtMs: fc.option(fc.nat()),
  }),
  fc.record({ type: fc.constant('delete' as const), key: fc.string({ unit: 'binary' }) }),
)

function read(bytes: Buffer): { records: KvRecord[]; goodBytes: number } {
  const records: KvRecord[] = []
  const goodBytes = decodeLog(bytes, (one) => records.push(one))
  return { records, goodBytes }
}

describe('the log of the embedded kv', () => {
  it('reads what it wrote', () => {
    fc.assert(
      fc.property(fc.array(record), (records) => {
        const bytes = Buffer.from(records.map(encodeRecord).join(''))
        expect(read(bytes)).toEqual({ records, goodBytes: bytes.length })
      }),
    )
  })

  it('torn anywhere, keeps every record before the tear', () => {
    fc.assert(
      fc.property(fc.array(record, { minLength: 1 }), fc.nat(), (records, at) => {
        const lines = records.map((one) => Buffer.from(encodeRecord(one)))
        const bytes = Buffer.concat(lines)
        const cut = at % bytes.length
        let whole = 0
        let size = 0
        while (size + (lines[whole]?.length ?? 0) <= cut) size += lines[whole++]?.length ?? 0
        expect(read(bytes.subarray(0, cut))).toEqual({ records: records.slice(0, whole), goodBytes: size })
      }),
    )
  })

  it('never takes a damaged record for a good one', () => {
    fc.assert(
      fc.property(record, fc.nat(), fc.integer({ min: 1, max: 255 }), (one, at, flip) => {
        const bytes = Buffer.from(encodeRecord(one))
        const index = at % bytes.length
        bytes[index] = (bytes[index] ?? 0) ^ flip
        expect(read(bytes).records).toEqual([])
      }),
    )
  })

  it('lives through any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(read(Buffer.from(bytes)).goodBytes).toBeLessThanOrEqual(bytes.length)
      }),
    )
    expect(decodeRecord('')).toBeNull()
  })
})
