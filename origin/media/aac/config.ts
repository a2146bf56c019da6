import { MediaError } from '../errors.ts'
import { BitReader } from '../h264/bits.ts'
import type { AudioTrack } from '../types.ts'

/** AudioSpecificConfig, ISO/IEC 14496-3 1.6.2.1, as far as packaging cares. */
export interface AacConfig {
  /** What RFC 6381 names: 2 AAC-LC, 5 with explicit SBR, 29 with explicit PS, ... */
  objectType: number
  /** What the decoder puts out: SBR's rate where it is signalled. */
  sampleRate: number
  channels: number
  /** Table 1.19; 0 where a program config element describes them. */
  channelConfiguration: number
  /** Samples one frame lasts, at `sampleRate`. */
  samplesPerFrame: number
}

const SAMPLE_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350,
]
/** Table 1.19: channels by channelConfiguration; 0 is told by a program config element. */
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8]
const MIN_SAMPLE_RATE = 7_350
const MAX_SAMPLE_RATE = 192_000
/** A program config element with a comment takes half of it. */
const MAX_CONFIG_BYTES = 1024
const EXPLICIT_RATE = 15
const SBR = 5
const PS = 29
const ESCAPE = 31
/** AAC main, LC, SSR and LTP: a GASpecificConfig follows, frames last 1024 or 960 samples. */
const GENERAL_AUDIO = new Set([1, 2, 3, 4])
/** Backward compatible signalling of SBR and PS at the end. */
const SBR_SYNC = 0x2b7
const PS_SYNC = 0x548

/**
 * Parses an AudioSpecificConfig.
 * @throws MediaError ("aac-bad-config")
 */
export function parseAacConfig(bytes: Uint8Array): AacConfig {
  if (bytes.length > MAX_CONFIG_BYTES) {
    throw new MediaError('aac-bad-config', 'a configuration larger than any encoder makes')
  }
  const r = new BitReader(bytes, 'aac-bad-config')
  let objectType = readObjectType(r)
  const coreRate = readSampleRate(r)
  const channelConfiguration = r.bits(4)
  let outputRate = coreRate
  let extension = 0
  if (objectType === SBR || objectType === PS) {
    extension = objectType
    outputRate = readSampleRate(r)
    objectType = readObjectType(r)
  }
  if (!GENERAL_AUDIO.has(objectType)) throw new MediaError('aac-bad-config', `AAC object type ${objectType}`)
  const shortFrames = r.flag()
  if (r.flag()) r.skip(14) // coreCoderDelay
  const extensionFlag = r.flag()
  const channels = channelConfiguration === 0 ? readProgramChannels(r) : (CHANNELS[channelConfiguration] ?? 0)
  if (channels === 0) throw new MediaError('aac-bad-config', `channel configuration ${channelConfiguration}`)
  if (extension === 0 && !extensionFlag) {
    const late = readLateExtension(r)
    if (late) {
      extension = late.extension
      outputRate = late.sampleRate
    }
  }
  if (coreRate < MIN_SAMPLE_RATE || outputRate < coreRate || outputRate > MAX_SAMPLE_RATE) {
    throw new MediaError('aac-bad-config', `a sample rate of ${coreRate} and ${outputRate}`)
  }
  return {
    objectType: extension === 0 ? objectType : extension,
    sampleRate: outputRate,
    channels: extension === PS && channels === 1 ? 2 : channels,
    channelConfiguration,
    samplesPerFrame: Math.round(((shortFrames ? 960 : 1024) * outputRate) / coreRate),
  }
}

/**
 * An audio track from its AudioSpecificConfig, which is copied.
 * @throws MediaError ("aac-bad-config")
 */
export function aacTrack(bytes: Uint8Array): AudioTrack {
  const config = parseAacConfig(bytes)
  return {
    kind: 'audio',
    codec: 'aac',
    timescale: config.sampleRate,
    config: bytes.slice(),
    codecs: `mp4a.40.${config.objectType}`,
    sampleRate: config.sampleRate,
    channels: config.channels,
    samplesPerFrame: config.samplesPerFrame,
  }
}

function readObjectType(r: BitReader): number {
  const type = r.bits(5)
  return type === ESCAPE ? 32 + r.bits(6) : type
}

function readSampleRate(r: BitReader): number {
  const index = r.bits(4)
  if (index === EXPLICIT_RATE) return r.bits(24)
  const rate = SAMPLE_RATES[index]
  if (rate === undefined) throw new MediaError('aac-bad-config', `sample rate index ${index}`)
  return rate
}

/** program_config_element, ISO/IEC 14496-3 4.5.2.1: counts the channels. */
function readProgramChannels(r: BitReader): number {
  r.skip(4 + 2 + 4) // element_instance_tag, object_type, sampling_frequency_index
  const front = r.bits(4)
  const side = r.bits(4)
  const back = r.bits(4)
  const lfe = r.bits(2)
  r.skip(3 + 4) // associated data and coupling elements' counts
  if (r.flag()) r.skip(4)
  if (r.flag()) r.skip(4)
  if (r.flag()) r.skip(3)
  let channels = lfe
  for (let i = 0; i < front + side + back; i++) {
    channels += r.flag() ? 2 : 1
    r.skip(4)
  }
  return channels
}

/** The extension behind the configuration, which old decoders don't read. */
function readLateExtension(r: BitReader): { extension: number; sampleRate: number } | null {
  if (r.bitsLeft < 16 || r.bits(11) !== SBR_SYNC) return null
  if (readObjectType(r) !== SBR || !r.flag()) return null
  const sampleRate = readSampleRate(r)
  const hasPs = r.bitsLeft >= 12 && r.bits(11) === PS_SYNC && r.flag()
  return { extension: hasPs ? PS : SBR, sampleRate }
}
