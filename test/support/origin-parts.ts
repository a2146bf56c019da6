import { createLogger } from '../../origin/log.ts'
import { createMetrics } from '../../origin/metrics.ts'

/** A log that says nothing, for tests. */
export const quietLog = createLogger({ process: 'test', level: 'silent' })

/** Metrics of a test, and a way to read one of them. */
export function testMetrics() {
  const metrics = createMetrics('test')
  return {
    metrics,
    /** The sum of a metric's values whose labels hold this text. */
    async value(name: string, labels = ''): Promise<number> {
      const lines = (await metrics.text()).split('\n')
      const own = lines.filter((line) => line.startsWith(`streamtube_${name}`) && line.includes(labels))
      return own.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
    },
  }
}
