/** A generated film: pure descriptions that render.ts turns into a file. */
export interface Scene {
  /** Names its file and its import. */
  name: string
  title: string
  description: string
  seconds: number
  width: number
  height: number
  frameRate: number
  /** A filter graph from nothing to `[v]`, without text. */
  picture: string
  /** A filter graph from nothing to `[a]`; null without sound. */
  sound: string | null
}

/** Smooth light is computed small and slow and enlarged: a hundredth of the work, and no edge to miss. */
export interface Light {
  width: number
  height: number
  frameRate: number
  seconds: number
  red: string
  green: string
  blue: string
}

/** A source of light by formulas of X, Y (pixels), W, H and T (seconds), each 0 to 255. */
export function lightSource({ width, height, frameRate, seconds, red, green, blue }: Light): string {
  const source = `nullsrc=size=${width}x${height}:rate=${frameRate}:duration=${seconds}`
  return `${source},format=gbrp,geq=r='${red}':g='${green}':b='${blue}'`
}

/** One value for each pixel by a formula of X, Y, W, H and T, 0 to 255, in grey. */
export function fieldSource(about: Omit<Light, 'red' | 'green' | 'blue'> & { value: string }): string {
  const { width, height, frameRate, seconds, value } = about
  return `nullsrc=size=${width}x${height}:rate=${frameRate}:duration=${seconds},format=gray,geq=lum='${value}'`
}

/** One picture by formulas, with transparency, that stands for as long as it is asked for. */
export function stillSource(about: {
  width: number
  height: number
  frameRate: number
  red: string
  green: string
  blue: string
  alpha: string
}): string {
  const { width, height, frameRate, red, green, blue, alpha } = about
  const source = `nullsrc=size=${width}x${height}:rate=${frameRate}:duration=${1 / frameRate}`
  const paint = `format=gbrap,geq=r='${red}':g='${green}':b='${blue}':a='${alpha}'`
  return `${source},${paint},format=yuva420p,loop=loop=-1:size=1,setpts=N/${frameRate}/TB`
}
