import { expect, test } from 'vitest'
import { createMetrics } from './metrics.ts'

test('prints the Prometheus text format', () => {
  const metrics = createMetrics('edge')
  const counter = metrics.counter({ name: 'a_total', help: 'Things.', labelNames: ['kind'] })
  counter.labels('x').inc()
  counter.labels('x').inc(2)
  counter.labels('say "hi"\\\n').inc()
  const gauge = metrics.gauge({ name: 'b', help: 'Now.' }).labels()
  gauge.inc()
  gauge.dec(3)
  const histogram = metrics.histogram({ name: 'c_seconds', help: 'Time.', buckets: [0.1, 1] }).labels()
  for (const value of [0.1, 0.5, 7]) histogram.observe(value)
  expect(metrics.text()).toBe(`# HELP streamtube_a_total Things.
# TYPE streamtube_a_total counter
streamtube_a_total{process="edge",kind="x"} 3
streamtube_a_total{process="edge",kind="say \\"hi\\"\\\\\\n"} 1
# HELP streamtube_b Now.
# TYPE streamtube_b gauge
streamtube_b{process="edge"} -2
# HELP streamtube_c_seconds Time.
# TYPE streamtube_c_seconds histogram
streamtube_c_seconds_bucket{process="edge",le="0.1"} 1
streamtube_c_seconds_bucket{process="edge",le="1"} 2
streamtube_c_seconds_bucket{process="edge",le="+Inf"} 3
streamtube_c_seconds_sum{process="edge"} 7.6
streamtube_c_seconds_count{process="edge"} 3
`)
})

test('a name is declared once, labels are as many as declared', () => {
  const metrics = createMetrics('edge')
  const counter = metrics.counter({ name: 'a_total', help: 'x', labelNames: ['kind'] })
  expect(() => metrics.gauge({ name: 'a_total', help: 'x' })).toThrow('declared twice')
  expect(() => counter.labels()).toThrow('1 labels')
})
