import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { lintContext } from './lint-page.ts'

/** Where distributions put Chromium; CHROMIUM_PATH wins. */
const CANDIDATES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** The system's Chromium. Throws with what to do when there is none. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string {
  const found = [env.CHROMIUM_PATH, ...CANDIDATES].find((path) => path && existsSync(path))
  if (!found) throw new Error('No Chromium found: install the package "chromium" or set CHROMIUM_PATH')
  return found
}

/**
 * Starts the system's Chromium without talking to anybody outside. Every playlist that a page of it gets is looked at by
 * the linter (MEDIA 15), unless `lint` is false: for a benchmark that wants the machine for itself. The caller closes it.
 */
export async function launchBrowser({ lint = true } = {}): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
    ],
  })
  if (!lint) return browser
  // A browser has no event for it; its own pages' contexts are made the same way.
  const newContext = browser.newContext.bind(browser)
  browser.newContext = async (options) => {
    const context = await newContext(options)
    lintContext(context)
    return context
  }
  return browser
}

/** What a page complained about: script errors and refused policies. An end-to-end test expects none. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`))
  page.on('console', (message) => {
    if (/Content Security Policy|Refused to/.test(message.text()))
      complaints.push(`policy: ${message.text()}`)
  })
  return complaints
}

/** Serious and critical findings of axe on the page as it is now, one line each. */
export async function seriousAxeFindings(page: Page): Promise<string[]> {
  const axePath = createRequire(import.meta.url).resolve('axe-core/axe.min.js')
  const session = await page.context().newCDPSession(page)
  // The page's policy refuses foreign scripts, as it should: axe comes in through the debugger.
  const { readFile } = await import('node:fs/promises')
  await session.send('Runtime.evaluate', { expression: await readFile(axePath, 'utf8') })
  const { result } = await session.send('Runtime.evaluate', {
    expression:
      'axe.run(document).then((r) => JSON.stringify(r.violations.filter((v) => v.impact === "serious" || v.impact === "critical").map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`)))',
    awaitPromise: true,
    returnByValue: true,
  })
  await session.detach()
  const parsed: unknown = JSON.parse(String(result.value))
  return Array.isArray(parsed) ? parsed.map(String) : []
}

/** A temporary folder, removed by the returned function. */
export async function temporaryFolder(name: string): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), `streamtube-${name}-`))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

export type { Browser, BrowserContext, Page }
