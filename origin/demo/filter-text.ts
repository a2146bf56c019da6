/**
 * Escapes a value of an option in a filter graph: once for the option's list, once for the graph (ffmpeg-filters,
 * "Notes on filtergraph escaping"). No shell is in between.
 */
export function escapeFilterValue(value: string): string {
  const option = value.replace(/[\\':]/g, '\\$&')
  return option.replace(/[\\'[\],;]/g, '\\$&')
}

export interface TextFilter {
  fontFile: string
  /** `%{localtime:...}` and such are expanded per frame; a plain `%` or `\` must not be in it. */
  text: string
  sizePx: number
  /** Expressions in pixels. */
  x: string
  y: string
  opacity?: number
  /** Comes and goes at these seconds, fading for one; without it, it is always there. */
  showFrom?: number
  showTo?: number
}

/** A drawtext filter: white with a soft shadow. */
export function textFilter({
  fontFile,
  text,
  sizePx,
  x,
  y,
  opacity = 1,
  showFrom,
  showTo,
}: TextFilter): string {
  const fade =
    showFrom === undefined || showTo === undefined
      ? String(opacity)
      : `${opacity}*clip(min(t-${showFrom},${showTo}-t),0,1)`
  const options = {
    fontfile: fontFile,
    text,
    fontsize: String(sizePx),
    fontcolor: 'white',
    alpha: fade,
    shadowcolor: 'black@0.35',
    shadowx: '2',
    shadowy: '2',
    x,
    y,
  }
  const list = Object.entries(options).map(([name, value]) => `${name}=${escapeFilterValue(value)}`)
  return `drawtext=${list.join(':')}`
}

/** The time of day of the machine, to the second, as text that drawtext expands. */
export const CLOCK_TEXT = '%{localtime:%H\\:%M\\:%S}'
export const DATE_TEXT = '%{localtime:%A %d %B %Y}'
