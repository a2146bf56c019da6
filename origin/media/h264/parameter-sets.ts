import { BitReader } from './bits.ts'
import { NAL_SPS } from './nal.ts'
import { withoutEmulation } from './sps.ts'

/** Bytes before an SPS's id: its NAL header, profile, constraints and level. A PPS's follows its header. */
const SPS_HEAD = 4
const PPS_HEAD = 1
/** An id's code is no longer (ue(v) up to 255). */
const ID_BYTES = 4

/**
 * The parameter sets that hold after more have come: one of a known id takes the place of the one before (ITU-T H.264
 * 7.4.1.2.1).
 * @throws MediaError ("avc-bad-sps") for a set without an id
 */
export function mergeParameterSets(
  known: readonly Uint8Array[],
  added: readonly Uint8Array[],
): readonly Uint8Array[] {
  const byId = new Map(known.map((set) => [idOf(set), set]))
  for (const set of added) byId.set(idOf(set), set)
  return [...byId.values()]
}

function idOf(nal: Uint8Array): number {
  const start = ((nal[0] ?? 0) & 0x1f) === NAL_SPS ? SPS_HEAD : PPS_HEAD
  return new BitReader(
    withoutEmulation(nal.subarray(start, start + ID_BYTES)),
    'avc-bad-sps',
  ).unsignedGolomb()
}
