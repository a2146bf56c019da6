import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { prepare, runScript } from './prepare.mjs'
import { root, runShown } from './run.mjs'

/**
 * `npm test [-- --long] [-- vitest's own arguments]`: ends with one line `N passed, N failed`.
 * `--long` gives the fuzz tests their full number of rounds.
 */
await runScript(async () => {
  const args = process.argv.slice(2)
  const long = args.includes('--long')
  const { node24, env } = await prepare({ ffmpeg: true, chromium: true, web: true })
  const folder = mkdtempSync(join(tmpdir(), 'streamtube-test-'))
  const results = join(folder, 'results.json')
  try {
    const vitest = [join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run']
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
    const own = args.filter((argument) => argument !== '--long')
    const code = await runShown(node24, [...vitest, ...reporters, ...own], {
      env: { ...env, ...(long && { LONG: '1' }) },
    })
    const { passed, failed } = count(results)
    process.stdout.write(`${passed} passed, ${failed} failed\n`)
    return code
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** A file that could not even be loaded is one failure. @param {string} file */
function count(file) {
  try {
    const { numPassedTests, testResults } = JSON.parse(readFileSync(file, 'utf8'))
    const failed = testResults.map((/** @type {any} */ result) => {
      const tests = result.assertionResults.filter(
        (/** @type {any} */ test) => test.status === 'failed',
      ).length
      return result.status === 'failed' ? Math.max(tests, 1) : tests
    })
    return {
      passed: numPassedTests,
      failed: failed.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b, 0),
    }
  } catch {
    // The run ended before there were results.
    return { passed: 0, failed: 1 }
  }
}
