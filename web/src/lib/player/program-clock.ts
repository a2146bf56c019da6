/** A segment of a playlist: seconds on the element's clock, milliseconds of program time. */
export interface Dated {
  readonly start: number
  readonly duration: number
  readonly programDateTime: number | null
}

/** Program time of a place in a playlist; null where nothing says. */
export function programMsAt(segments: readonly Dated[], positionS: number): number | null {
  const dated = segments.filter(isDated)
  const at = dated.findLast(({ start }) => start <= positionS) ?? dated[0]
  return at ? at.programDateTime + (positionS - at.start) * 1000 : null
}

/**
 * Where a moment of program time is in a playlist; what it does not have is answered by what comes next, and by its end.
 * Null where nothing says.
 */
export function positionOf(segments: readonly Dated[], programMs: number): number | null {
  const dated = segments.filter(isDated)
  const next = dated.find(({ programDateTime, duration }) => programDateTime + duration * 1000 > programMs)
  if (next) return next.start + Math.max(0, programMs - next.programDateTime) / 1000
  const last = dated.at(-1)
  return last ? last.start + last.duration : null
}

function isDated<S extends Dated>(segment: S): segment is S & { programDateTime: number } {
  return segment.programDateTime !== null
}
