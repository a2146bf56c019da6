import { cpus } from 'node:os'

/** One thing that a benchmark measured, against the bound that the project holds itself to. */
export interface Target {
  /** E.g. `cpu-per-stream-at-40`. */
  name: string
  figure: number
  /** E.g. `% of a core`, `MB`. */
  unit: string
  op: '<=' | '>='
  bound: number
}

/** A line of comparison. */
export interface Row {
  /** Who was measured: `StreamTube`, `MediaMTX`, ... */
  subject: string
  figure: number
  unit: string
  /** A peer that can't be installed here: measured once on such a machine, not in this run. */
  recorded?: boolean
  note?: string
}

export interface BenchReport {
  name: string
  /** What was run, in a sentence: load, duration, settings. */
  setting: string
  rows: Row[]
  targets: Target[]
}

/** A benchmark: `test/bench/NAME.ts` exports one as `bench`. It may say how it goes. */
export type Bench = (say: (line: string) => void) => Promise<BenchReport>

/** True when the figure keeps to its bound; what could not be measured (NaN) does not. */
export function isMet({ figure, op, bound }: Target): boolean {
  return op === '<=' ? figure <= bound : figure >= bound
}

/** What figures of another machine are not to be compared with. */
function machine(): string {
  return `  on ${cpus().length} cores of ${cpus()[0]?.model ?? 'an unknown processor'}`
}

/** The report for a terminal; its last lines are the targets. */
export function printReport({ name, setting, rows, targets }: BenchReport): string {
  const shown = rows.map(
    ({ subject, figure, unit, recorded, note }) =>
      `  ${subject.padEnd(28)} ${round(figure)} ${unit}${recorded ? ' (recorded, not run here)' : ''}${note ? `  ${note}` : ''}`,
  )
  return [`${name}: ${setting}`, machine(), ...shown, ...targets.map(printTarget), ''].join('\n')
}

/** `target NAME: FIGURE (bound OP VALUE) met|missed` */
export function printTarget(target: Target): string {
  const { name, figure, unit, op, bound } = target
  return `target ${name}: ${round(figure)} ${unit} (bound ${op} ${bound}) ${isMet(target) ? 'met' : 'missed'}`
}

function round(figure: number): string {
  return Number.isFinite(figure) ? String(Number(figure.toPrecision(3))) : 'not measured'
}
