import type { Played } from '../library/index.ts'
import type { RenditionTimeline } from '../media/timeline.ts'

/** A stretch that plays without a break: program time and the place in the video run alike. */
export interface Stretch extends Played {
  positionMs: number
}

/** Stretches one after the other, as a video plays them. */
export function inOrder(played: readonly Played[]): Stretch[] {
  let positionMs = 0
  return played.map((one) => {
    const stretch = { ...one, positionMs }
    positionMs += one.durationMs
    return stretch
  })
}

/** The stretches of a rendition, by time, gaps left out. */
export function stretchesOf({ info, segments }: RenditionTimeline): Stretch[] {
  const played = segments.filter(({ gap }) => !gap)
  return inOrder(
    played.map(({ programTimeMs, duration }) => ({
      programMs: programTimeMs,
      durationMs: (duration * 1000) / info.timescale,
    })),
  )
}

/** As if what was played last went on up to `untilMs`: rows trail what viewers see. */
export function goingOn(stretches: readonly Stretch[], untilMs: number): Stretch[] {
  const last = stretches.at(-1)
  if (!last || untilMs <= last.programMs + last.durationMs) return [...stretches]
  return [...stretches.slice(0, -1), { ...last, durationMs: untilMs - last.programMs }]
}

/** Where all of it ends. */
export function endPosition(stretches: readonly Stretch[]): number {
  const last = stretches.at(-1)
  return last ? last.positionMs + last.durationMs : 0
}

/** The place of a moment; in a break, where playing goes on. */
export function positionOf(stretches: readonly Stretch[], programMs: number): number {
  const stretch = stretches.find((one) => programMs < one.programMs + one.durationMs)
  if (!stretch) return endPosition(stretches)
  return stretch.positionMs + Math.max(0, programMs - stretch.programMs)
}

/**
 * The moment that is shown at a place; null outside.
 * @param side where two stretches meet, a start belongs to the later one and an end to the earlier one
 */
export function programTimeOf(
  stretches: readonly Stretch[],
  positionMs: number,
  side: 'start' | 'end',
): number | null {
  const stretch = stretches.find((one) => {
    const endMs = one.positionMs + one.durationMs
    return side === 'start' ? positionMs < endMs : positionMs <= endMs
  })
  if (!stretch || positionMs < stretch.positionMs) return null
  return stretch.programMs + (positionMs - stretch.positionMs)
}
