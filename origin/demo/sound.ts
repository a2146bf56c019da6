export interface Arpeggio {
  seconds: number
  rootHz: number
  /** Above the root, one after the other, over and over. */
  semitones: readonly number[]
  notesPerSecond: number
}

const SAMPLE_RATE = 48_000

/** A quiet tune with room around it, as a filter graph to `[a]`: plucked notes over a drone. */
export function arpeggio({ seconds, rootHz, semitones, notesPerSecond }: Arpeggio): string {
  const step = `mod(floor(t*${notesPerSecond}),${semitones.length})`
  const pitch = semitones.map((semitone, index) => `${semitone}*eq(${step},${index})`).join('+')
  const age = `mod(t,${1 / notesPerSecond})`
  const note = `sin(2*PI*${rootHz}*2*pow(2,(${pitch})/12)*${age})*exp(-3.2*${age})*min(1,${age}*120)`
  const drone = `sin(2*PI*${rootHz / 2}*t)*(0.6+0.4*sin(2*PI*t/8))`
  const source = `aevalsrc=exprs='0.20*(${note})+0.10*(${drone})':s=${SAMPLE_RATE}:d=${seconds}`
  const room = 'aecho=0.8:0.75:310|470:0.35|0.22'
  const fades = `afade=t=in:d=1,afade=t=out:st=${seconds - 2}:d=2`
  return `${source},${room},${fades},aformat=channel_layouts=stereo[a]`
}

/** A pad that never ends and repeats only after hours, as a lavfi source. It costs little: it is made while live. */
export function pad(): string {
  const swell = (amplitude: number, hz: number, seconds: number, phase: number) =>
    `${amplitude}*sin(2*PI*${hz}*t)*(0.55+0.45*sin(2*PI*t/${seconds}+${phase}))`
  const left = [swell(0.1, 110, 12, 0), swell(0.07, 164.81, 7, 0), swell(0.05, 220.5, 9, 1)].join('+')
  const right = [swell(0.1, 110.3, 12, 1), swell(0.07, 165.1, 7, 2), swell(0.05, 277.18, 11, 0)].join('+')
  return `aevalsrc=exprs='${left}|${right}':s=${SAMPLE_RATE}`
}
