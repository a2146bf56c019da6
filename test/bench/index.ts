import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Bench, isMet, printReport } from './report.ts'

/** `npm run bench -- NAME [--json]`: runs one benchmark; exit code 1 when a target is missed. */
const folder = fileURLToPath(new URL('.', import.meta.url))
const args = process.argv.slice(2)
const json = args.includes('--json')
const name = args.find((argument) => !argument.startsWith('-')) ?? ''

if (!/^[a-z-]+$/.test(name) || !names().includes(name)) {
  process.stderr.write(`usage: npm run bench -- ${names().join(' | ')} [--json]\n`)
  process.exit(64)
}
const { bench } = (await import(new URL(`./${name}.ts`, import.meta.url).href)) as { bench: Bench }
const report = await bench((line) => process.stderr.write(`${line}\n`))
process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : printReport(report))
process.exitCode = report.targets.every(isMet) ? 0 : 1

/** A benchmark is a file here that isn't one of the runner's own. */
function names(): string[] {
  if (!existsSync(folder)) return []
  const own = new Set(['index', 'report'])
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -'.ts'.length))
    .filter((file) => !own.has(file))
}
