/** A length in a setting, in one of the units that have words (`length.<unit>`). */
export interface Length {
  unit: 'seconds' | 'minutes' | 'hours' | 'days'
  count: number
}

/** How a setting's number is said: 90 s, 5 minutes, 2 hours. */
export function lengthOf(seconds: number): Length {
  if (seconds > 0 && seconds % 86_400 === 0) return { unit: 'days', count: seconds / 86_400 }
  if (seconds > 0 && seconds % 3_600 === 0) return { unit: 'hours', count: seconds / 3_600 }
  if (seconds > 0 && seconds % 60 === 0) return { unit: 'minutes', count: seconds / 60 }
  return { unit: 'seconds', count: seconds }
}

/** The usual values of a setting, with the one that it has: it may have been set otherwise. Smallest first. */
export function withOwn(usual: readonly number[], own: number): number[] {
  return [...new Set([...usual, own])].sort((a, b) => a - b)
}
