/** One quality of a video, as the player lists it. */
export interface Rung {
  /** The engine's number for it. */
  id: number
  /** Lines, of the shorter side: 1080 for portrait 1080x1920 too. */
  lines: number
  frameRate: number
  bitrateBps: number
}

/** `1080p`, or `1080p60` where frames come faster than usual. */
export function rungLabel(rung: Rung): string {
  return `${rung.lines}p${rung.frameRate > 32 ? Math.round(rung.frameRate) : ''}`
}

/** Best first; of two with the same label, the one with more bits. */
export function sortRungs(rungs: readonly Rung[]): Rung[] {
  const sorted = [...rungs].sort(
    (a, b) => b.lines - a.lines || b.frameRate - a.frameRate || b.bitrateBps - a.bitrateBps,
  )
  return sorted.filter(
    (rung, index) => index === 0 || rungLabel(rung) !== rungLabel(sorted[index - 1] ?? rung),
  )
}
