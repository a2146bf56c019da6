import { MediaError } from '../errors.ts'
import { BitReader } from './bits.ts'

/** What we need of a sequence parameter set (ITU-T H.264 7.3.2.1.1 and annex E). */
export interface Sps {
  profileIdc: number
  constraintFlags: number
  levelIdc: number
  /** Coded picture size after cropping, in samples. */
  codedWidth: number
  codedHeight: number
  /** In square pixels: what players show and playlists list. */
  width: number
  height: number
  /** Of one sample, width to height. */
  aspect: readonly [number, number]
  /** Frames per second by the VUI's timing, or null where it has none. Encoders of variable rates put a ceiling here. */
  frameRate: number | null
  /** True when the VUI says that frames come at exactly that rate. */
  fixedFrameRate: boolean
}

const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135])
/** Table E-1: sample aspect ratios by aspect_ratio_idc. */
const ASPECT_RATIOS: readonly (readonly [number, number])[] = [
  [1, 1],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
]
const EXTENDED_SAR = 255
const MAX_DIMENSION = 16_384

/**
 * Parses an SPS NAL unit, its header byte included.
 * @throws MediaError ("avc-bad-sps")
 */
export function parseSps(nal: Uint8Array): Sps {
  if (nal.length < 4 || ((nal[0] ?? 0) & 0x1f) !== 7)
    throw new MediaError('avc-bad-sps', 'not a sequence parameter set')
  const r = new BitReader(withoutEmulation(nal.subarray(1)), 'avc-bad-sps')
  const profileIdc = r.bits(8)
  const constraintFlags = r.bits(8)
  const levelIdc = r.bits(8)
  r.unsignedGolomb() // seq_parameter_set_id
  let chromaFormat = 1
  let separatePlanes = false
  if (HIGH_PROFILES.has(profileIdc)) {
    chromaFormat = r.unsignedGolomb()
    if (chromaFormat === 3) separatePlanes = r.flag()
    r.unsignedGolomb() // bit_depth_luma_minus8
    r.unsignedGolomb() // bit_depth_chroma_minus8
    r.skip(1) // qpprime_y_zero_transform_bypass_flag
    if (r.flag()) skipScalingLists(r, chromaFormat === 3 ? 12 : 8)
  }
  r.unsignedGolomb() // log2_max_frame_num_minus4
  skipPictureOrder(r)
  r.unsignedGolomb() // max_num_ref_frames
  r.skip(1) // gaps_in_frame_num_value_allowed_flag
  const widthInMbs = r.unsignedGolomb() + 1
  const heightInMapUnits = r.unsignedGolomb() + 1
  const framesOnly = r.flag()
  if (!framesOnly) r.skip(1) // mb_adaptive_frame_field_flag
  r.skip(1) // direct_8x8_inference_flag
  const crop = r.flag()
    ? {
        left: r.unsignedGolomb(),
        right: r.unsignedGolomb(),
        top: r.unsignedGolomb(),
        bottom: r.unsignedGolomb(),
      }
    : { left: 0, right: 0, top: 0, bottom: 0 }
  const monochrome = chromaFormat === 0 || separatePlanes
  const unitX = monochrome || chromaFormat === 3 ? 1 : 2
  const unitY = (monochrome || chromaFormat !== 1 ? 1 : 2) * (framesOnly ? 1 : 2)
  const codedWidth = widthInMbs * 16 - (crop.left + crop.right) * unitX
  const codedHeight = heightInMapUnits * 16 * (framesOnly ? 1 : 2) - (crop.top + crop.bottom) * unitY
  if (codedWidth <= 0 || codedHeight <= 0 || codedWidth > MAX_DIMENSION || codedHeight > MAX_DIMENSION) {
    throw new MediaError('avc-bad-sps', `a picture of ${codedWidth} by ${codedHeight}`)
  }
  const vui = r.flag() ? readVui(r) : NO_VUI
  const width = Math.round((codedWidth * vui.aspect[0]) / vui.aspect[1])
  return {
    profileIdc,
    constraintFlags,
    levelIdc,
    codedWidth,
    codedHeight,
    width: Math.min(Math.max(width, 1), MAX_DIMENSION),
    height: codedHeight,
    aspect: vui.aspect,
    frameRate: vui.frameRate,
    fixedFrameRate: vui.fixedFrameRate,
  }
}

/** RFC 6381 name, e.g. "avc1.64001f". */
export function avcCodecs(sps: Pick<Sps, 'profileIdc' | 'constraintFlags' | 'levelIdc'>): string {
  const hex = (value: number) => value.toString(16).padStart(2, '0')
  return `avc1.${hex(sps.profileIdc)}${hex(sps.constraintFlags)}${hex(sps.levelIdc)}`
}

interface Vui {
  aspect: readonly [number, number]
  frameRate: number | null
  fixedFrameRate: boolean
}

const NO_VUI: Vui = { aspect: [1, 1], frameRate: null, fixedFrameRate: false }

function readVui(r: BitReader): Vui {
  let aspect: readonly [number, number] = [1, 1]
  if (r.flag()) {
    const idc = r.bits(8)
    aspect = idc === EXTENDED_SAR ? [r.bits(16), r.bits(16)] : (ASPECT_RATIOS[idc] ?? [1, 1])
    if (aspect[0] === 0 || aspect[1] === 0) aspect = [1, 1]
  }
  if (r.flag()) r.skip(1) // overscan
  if (r.flag()) {
    r.skip(4) // video_format, video_full_range_flag
    if (r.flag()) r.skip(24) // colour description
  }
  if (r.flag()) {
    r.unsignedGolomb() // chroma_sample_loc_type_top_field
    r.unsignedGolomb() // chroma_sample_loc_type_bottom_field
  }
  if (!r.flag()) return { aspect, frameRate: null, fixedFrameRate: false }
  const unitsInTick = r.bits(32)
  const timeScale = r.bits(32)
  const fixedFrameRate = r.flag()
  // A tick is a field: two make a frame.
  const rate = unitsInTick > 0 ? timeScale / unitsInTick / 2 : 0
  return { aspect, frameRate: rate >= 1 && rate <= 300 ? rate : null, fixedFrameRate }
}

function skipScalingLists(r: BitReader, count: number): void {
  for (let i = 0; i < count; i++) {
    if (!r.flag()) continue
    let last = 8
    let next = 8
    for (let j = 0; j < (i < 6 ? 16 : 64); j++) {
      if (next !== 0) next = (last + r.signedGolomb() + 256) % 256
      if (next !== 0) last = next
    }
  }
}

function skipPictureOrder(r: BitReader): void {
  const type = r.unsignedGolomb()
  if (type === 0) r.unsignedGolomb() // log2_max_pic_order_cnt_lsb_minus4
  if (type !== 1) return
  r.skip(1) // delta_pic_order_always_zero_flag
  r.signedGolomb()
  r.signedGolomb()
  const cycle = r.unsignedGolomb()
  if (cycle > 255) throw new MediaError('avc-bad-sps', 'a picture order cycle that is too long')
  for (let i = 0; i < cycle; i++) r.signedGolomb()
}

/** Takes the emulation prevention bytes out (ITU-T H.264 7.3.1). */
export function withoutEmulation(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length)
  let length = 0
  let zeros = 0
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0
      continue
    }
    zeros = byte === 0 ? zeros + 1 : 0
    out[length++] = byte
  }
  return out.subarray(0, length)
}
