/** What the ladder is chosen from. */
export interface LadderSource {
  width: number
  height: number
  /** Null when it is neither written in the stream nor measured yet. */
  frameRate: number | null
}

/** One transcoded rung. */
export interface Rung {
  /** Rendition id: the shorter side and the rounded frame rate, e.g. "720p30". */
  id: string
  width: number
  height: number
  /** Highest bit rate, over one second. */
  bitrateBps: number
}

/** The rung table: shorter side in lines, highest bit rate at up to 30 and above 30 frames a second. */
const rungTable = [
  { lines: 1080, bitrateBps: 4_500_000, fastBitrateBps: 6_000_000 },
  { lines: 720, bitrateBps: 2_500_000, fastBitrateBps: 3_500_000 },
  { lines: 480, bitrateBps: 1_200_000, fastBitrateBps: 1_600_000 },
  { lines: 360, bitrateBps: 700_000, fastBitrateBps: 900_000 },
  { lines: 240, bitrateBps: 350_000, fastBitrateBps: 450_000 },
] as const

const MAX_RUNGS = 4
const ASSUMED_FRAME_RATE = 30

/**
 * Chooses the rungs below a source, tallest first: never upscaled, never as large as the source, its shape and frame
 * rate kept, even sizes. Empty for a source that has nothing below it.
 * @param slots ids of the only rungs that may be made: those of a broadcast's first master (MEDIA.md 10). A slot takes
 *   the rung of its height, whatever its frame rate is now; one that the source has nothing for is left out.
 */
export function chooseRungs(source: LadderSource, slots?: readonly string[]): Rung[] {
  const lines = Math.min(source.width, source.height)
  const frameRate = source.frameRate ?? ASSUMED_FRAME_RATE
  const rows = rungTable.filter((row) => row.lines < lines)
  const idOf = (height: number) =>
    slots ? slots.find((slot) => slot.startsWith(`${height}p`)) : `${height}p${Math.round(frameRate)}`
  return rows
    .flatMap((row) => {
      const id = idOf(row.lines)
      const bitrateBps = frameRate > 31 ? row.fastBitrateBps : row.bitrateBps
      return id === undefined ? [] : [{ id, ...scaled(source, row.lines), bitrateBps }]
    })
    .slice(0, MAX_RUNGS)
}

function scaled({ width, height }: LadderSource, lines: number): { width: number; height: number } {
  const even = (length: number) => Math.max(2, Math.round(length / 2) * 2)
  return width >= height
    ? { width: even((width * lines) / height), height: lines }
    : { width: lines, height: even((height * lines) / width) }
}

/** `on`: the creator insists; `auto`: where the machine has room. */
export type LadderMode = 'auto' | 'on' | 'off'

/** With fewer an encoder would take the cores that the streams themselves need. */
export const LADDER_MIN_CORES = 4
