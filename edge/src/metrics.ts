/** One series of a counter or gauge: bound once, so that counting is one addition. */
export interface Cell {
  inc(amount?: number): void
  dec(amount?: number): void
  set(value: number): void
}

export interface HistogramCell {
  observe(value: number): void
}

interface MetricOptions {
  /** Snake case with its unit; `streamtube_` is put before it. */
  name: string
  help: string
  labelNames?: readonly string[]
}

/** A metric with its series. `labels` wants one value for each label name, from a small closed set. */
export interface Metric<Series> {
  labels(...values: string[]): Series
}

/** The edge's metrics. Each is declared next to what it measures; a name may be declared once. */
export interface Metrics {
  counter(options: MetricOptions): Metric<Cell>
  gauge(options: MetricOptions): Metric<Cell>
  /** `buckets` are rising upper bounds in the unit that the name says. */
  histogram(options: MetricOptions & { buckets: readonly number[] }): Metric<HistogramCell>
  /** Everything in the Prometheus text format, version 0.0.4. */
  text(): string
}

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

interface Family {
  name: string
  head: string
  lines(): string[]
}

/** Makes an empty registry. Every line carries `process="..."`, as the Node roles' lines do. */
export function createMetrics(processName: string): Metrics {
  const families = new Map<string, Family>()
  const common = `process="${escapeLabel(processName)}"`

  function family<Series>(
    type: string,
    { name, help, labelNames = [] }: MetricOptions,
    create: () => Series,
    print: (fullName: string, labels: string, series: Series) => string[],
  ): Metric<Series> {
    const fullName = `streamtube_${name}`
    if (families.has(fullName)) throw new Error(`The metric ${fullName} is declared twice`)
    const series = new Map<string, { labels: string; value: Series }>()
    families.set(fullName, {
      name: fullName,
      head: `# HELP ${fullName} ${help}\n# TYPE ${fullName} ${type}`,
      lines: () => [...series.values()].flatMap(({ labels, value }) => print(fullName, labels, value)),
    })
    return {
      labels(...values) {
        if (values.length !== labelNames.length)
          throw new Error(`${fullName} has ${labelNames.length} labels`)
        const key = values.join('\0')
        const known = series.get(key)
        if (known) return known.value
        const pairs = labelNames.map((label, index) => `${label}="${escapeLabel(values[index] ?? '')}"`)
        const value = create()
        series.set(key, { labels: [common, ...pairs].join(','), value })
        return value
      },
    }
  }

  return {
    counter: (options) => family('counter', options, () => new NumberCell(), printNumber),
    gauge: (options) => family('gauge', options, () => new NumberCell(), printNumber),
    histogram: ({ buckets, ...options }) =>
      family('histogram', options, () => new Buckets(buckets), printBuckets),
    text: () =>
      [...families.values()]
        .map(({ head, lines }) => [head, ...lines()].join('\n'))
        .concat('')
        .join('\n'),
  }
}

class NumberCell implements Cell {
  value = 0
  inc(amount = 1): void {
    this.value += amount
  }
  dec(amount = 1): void {
    this.value -= amount
  }
  set(value: number): void {
    this.value = value
  }
}

class Buckets implements HistogramCell {
  readonly bounds: readonly number[]
  readonly counts: number[]
  sum = 0
  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Array(bounds.length + 1).fill(0)
  }
  observe(value: number): void {
    let index = 0
    while (index < this.bounds.length && value > (this.bounds[index] ?? 0)) index++
    this.counts[index] = (this.counts[index] ?? 0) + 1
    this.sum += value
  }
}

function printNumber(name: string, labels: string, { value }: NumberCell): string[] {
  return [`${name}{${labels}} ${value}`]
}

function printBuckets(name: string, labels: string, { bounds, counts, sum }: Buckets): string[] {
  let total = 0
  const lines = counts.map((count, index) => {
    total += count
    return `${name}_bucket{${labels},le="${bounds[index] ?? '+Inf'}"} ${total}`
  })
  return [...lines, `${name}_sum{${labels}} ${sum}`, `${name}_count{${labels}} ${total}`]
}

function escapeLabel(value: string): string {
  return value.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`))
}
