import { afterEach, expect, test } from 'vitest'
import { createLogger } from '../log.ts'
import { type Child, runChild } from './child.ts'
import type { PartSpec } from './parts.ts'

const PATIENCE = { timeout: 20_000 }
/** Ends when it is told to, and says that it is ready. */
const OBEDIENT = `
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(0))
  process.stdin.resume()
  console.log(JSON.stringify({ msg: 'ready' }))
`
const STUBBORN = `
  process.on('SIGTERM', () => {})
  setInterval(() => {}, 1000)
  console.log(JSON.stringify({ msg: 'ready' }))
`

const children: Child[] = []
afterEach(() => {
  for (const child of children.splice(0)) child.kill()
})

/** Runs a script as the edge. */
function run(script: string, more: Partial<PartSpec> = {}) {
  const lines: string[] = []
  let deaths = 0
  const spec: PartSpec = {
    name: 'edge',
    command: process.execPath,
    args: ['-e', script],
    cwd: import.meta.dirname,
    env: {},
    metricsPort: 1,
    stopWithinMs: 10_000,
    replacement: { args: ['--', 'again'], readyMessage: 'ready', goneWithinMs: 10_000 },
    ...more,
  }
  const child = runChild(spec, {
    log: createLogger({ process: 'test', level: 'silent' }),
    write: (line) => lines.push(line),
    onStart: () => {},
    onDeath: () => {
      deaths++
    },
    onHopeless: () => {},
  })
  children.push(child)
  const isReady = () => expect.poll(() => lines.join(), PATIENCE).toContain('"msg":"ready"')
  return { child, lines, isReady, deaths: () => deaths }
}

test('a part that does not end when it is told is ended after its time', async () => {
  const { child, isReady } = run(STUBBORN, { stopWithinMs: 200 })
  await isReady()
  const startedAt = performance.now()
  await child.stop()
  expect(performance.now() - startedAt).toBeGreaterThan(150)
  expect(child.pids).toEqual([])
})

test('a part that is replaced goes when the new one is ready, and counts as no death', async () => {
  const { child, isReady, deaths } = run(OBEDIENT)
  await isReady()
  const [old] = child.pids
  expect(await child.replace()).toBe(true)
  await expect.poll(() => child.pids, PATIENCE).not.toContain(old)
  expect([child.pids.length, deaths()]).toEqual([1, 0])
})

test('who asks twice at once gets one replacement', async () => {
  const { child, isReady, lines } = run(OBEDIENT)
  await isReady()
  expect(await Promise.all([child.replace(), child.replace()])).toEqual([true, true])
  expect(lines).toHaveLength(2)
})

test('a new process that ends at once leaves the old one alone', async () => {
  const { child, isReady } = run(`if (process.argv.includes('again')) process.exit(1)\n${OBEDIENT}`)
  await isReady()
  const pids = [...child.pids]
  expect(await child.replace()).toBe(false)
  expect(child.pids).toEqual(pids)
})

test('a part that can not be replaced is not', async () => {
  const { child, isReady } = run(OBEDIENT, { replacement: undefined })
  await isReady()
  expect(await child.replace()).toBe(false)
  expect(child.pids).toHaveLength(1)
})

test('a stop ends a replacement under way, and the one that it was for', async () => {
  const slow = `if (process.argv.includes('again')) { process.stdin.resume(); console.log('{"msg":"begun"}') } else {${OBEDIENT}}`
  const { child, isReady, lines } = run(slow)
  await isReady()
  const replacing = child.replace()
  await expect.poll(() => lines.join(), PATIENCE).toContain('begun')
  await child.stop()
  expect([await replacing, child.pids]).toEqual([false, []])
})
