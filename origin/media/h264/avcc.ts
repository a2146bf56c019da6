import { MediaError } from '../errors.ts'

/** AVCDecoderConfigurationRecord, ISO/IEC 14496-15 5.3.3.1. */
export interface AvcConfig {
  /** Bytes of a NAL unit's length prefix: 1, 2 or 4. */
  lengthSize: number
  sps: readonly Uint8Array[]
  pps: readonly Uint8Array[]
  /** What follows the parameter sets in high profiles (chroma format, bit depths). */
  extension: Uint8Array
}

/**
 * Parses an avcC. The parameter sets are views of the given bytes.
 * @throws MediaError ("avc-bad-config")
 */
export function parseAvcConfig(bytes: Uint8Array): AvcConfig {
  if (bytes.length < 7 || bytes[0] !== 1) throw new MediaError('avc-bad-config', 'not an AVC configuration')
  const lengthSize = ((bytes[4] ?? 0) & 3) + 1
  if (lengthSize === 3) throw new MediaError('avc-bad-config', 'a length prefix of 3 bytes')
  const spsList = readSets(bytes, 6, (bytes[5] ?? 0) & 0x1f, 7)
  if (spsList.next >= bytes.length) throw new MediaError('avc-bad-config', 'the configuration ends too early')
  const ppsList = readSets(bytes, spsList.next + 1, bytes[spsList.next] ?? 0, 8)
  if (spsList.sets.length === 0 || ppsList.sets.length === 0) {
    throw new MediaError('avc-bad-config', 'a configuration without parameter sets')
  }
  return { lengthSize, sps: spsList.sets, pps: ppsList.sets, extension: bytes.subarray(ppsList.next) }
}

/**
 * Writes an avcC. Profile and level are the first SPS's; `extension` is kept as it was.
 * @throws MediaError ("avc-bad-config") for parameter sets that don't fit
 */
export function buildAvcConfig(config: AvcConfig): Uint8Array {
  const [first] = config.sps
  if (!first || first.length < 4) throw new MediaError('avc-bad-config', 'a configuration without an SPS')
  const sets = [...config.sps, ...config.pps]
  if (config.sps.length > 31 || config.pps.length > 255 || sets.some((set) => set.length > 0xffff)) {
    throw new MediaError('avc-bad-config', 'more parameter sets than a configuration can hold')
  }
  const size = 7 + sets.reduce((sum, set) => sum + 2 + set.length, 0) + config.extension.length
  const out = new Uint8Array(size)
  out.set([1, first[1] ?? 0, first[2] ?? 0, first[3] ?? 0, 0xfc | (config.lengthSize - 1)])
  out[5] = 0xe0 | config.sps.length
  let at = writeSets(out, 6, config.sps)
  out[at++] = config.pps.length
  at = writeSets(out, at, config.pps)
  out.set(config.extension, at)
  return out
}

function readSets(bytes: Uint8Array, start: number, count: number, nalType: number) {
  const sets: Uint8Array[] = []
  let at = start
  for (let i = 0; i < count; i++) {
    if (at + 2 > bytes.length) throw new MediaError('avc-bad-config', 'the configuration ends too early')
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
    at += 2
    if (length === 0 || at + length > bytes.length) {
      throw new MediaError('avc-bad-config', 'a parameter set of a wrong length')
    }
    const set = bytes.subarray(at, at + length)
    if (((set[0] ?? 0) & 0x1f) !== nalType)
      throw new MediaError('avc-bad-config', 'a parameter set of a wrong type')
    sets.push(set)
    at += length
  }
  return { sets, next: at }
}

function writeSets(out: Uint8Array, start: number, sets: readonly Uint8Array[]): number {
  let at = start
  for (const set of sets) {
    out[at] = set.length >> 8
    out[at + 1] = set.length & 0xff
    out.set(set, at + 2)
    at += 2 + set.length
  }
  return at
}
