import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Browser, type BrowserContext, launchBrowser, type Page } from '../support/browser.ts'
import { untilPlaying } from '../support/player.ts'

/**
 * Takes pictures of a running demo: home, watch and go live, on a desk and on a phone, light and dark.
 *
 *   node test/show/screenshots.ts --link <the one-time link of the banner>
 *
 *   --data FOLDER   the demo's DATA_DIR, whose demo.json says where it runs (.data-demo)
 *   --out FOLDER    where the pictures go (test/show/pictures)
 *   --readme        also takes README.md's two, into .github/pictures
 */
const root = fileURLToPath(new URL('../..', import.meta.url))

const { values } = parseArgs({
  options: {
    link: { type: 'string' },
    data: { type: 'string', default: join(root, '.data-demo') },
    out: { type: 'string', default: join(root, 'test/show/pictures') },
    readme: { type: 'boolean', default: false },
  },
})

const sizes = [
  { name: '1280', width: 1280, height: 860 },
  { name: '390', width: 390, height: 844 },
]
const themes = ['light', 'dark'] as const
const readmePictures: Record<string, string> = {
  'home-1280-light.png': 'home.png',
  'watch-1280-dark.png': 'live.png',
}

const PLAYING_DEADLINE_MS = 20_000
/** Long enough for the go-live page's bit rate to be a line, and for controls to be there and fade. */
const SETTLE_MS = { home: 800, watch: 1_200, 'go-live': 12_000 }
type View = keyof typeof SETTLE_MS

interface Demo {
  url: string
  live: { watch: string }
}

async function readDemo(): Promise<Demo> {
  const demo: unknown = JSON.parse(await readFile(join(values.data, 'demo.json'), 'utf8'))
  if (typeof demo === 'object' && demo !== null && 'url' in demo && 'live' in demo) return demo as Demo
  throw new Error(`${values.data}/demo.json is not a demo's: is it running?`)
}

/** Uses the one-time link up, as a person would. */
async function signIn(
  browser: Browser,
  link: string,
): Promise<Awaited<ReturnType<BrowserContext['storageState']>>> {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(link)
  await page.getByTestId('submit').click()
  await page.getByTestId('live-desk').waitFor()
  const state = await context.storageState()
  await context.close()
  return state
}

async function show(page: Page, view: View, demo: Demo): Promise<void> {
  const paths = { home: '/', watch: demo.live.watch, 'go-live': '/studio/live' }
  await page.goto(new URL(paths[view], demo.url).href)
  await page.locator('html[data-hydrated]').waitFor()
  if (view !== 'home') await untilPlaying(page, PLAYING_DEADLINE_MS)
  if (view === 'watch') await page.getByTestId('player').hover({ position: { x: 120, y: 120 } })
  await page.waitForTimeout(SETTLE_MS[view])
  if (view === 'watch') await page.mouse.move(140, 190)
  await page.waitForTimeout(300)
}

const demo = await readDemo()
if (!values.link) throw new Error('--link is missing: the one-time link that the banner of the demo shows')
const browser = await launchBrowser()
try {
  const storageState = await signIn(browser, values.link)
  await mkdir(values.out, { recursive: true })
  await mkdir(join(root, '.github/pictures'), { recursive: true })
  for (const { name, width, height } of sizes) {
    for (const colorScheme of themes) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme, storageState })
      const page = await context.newPage()
      for (const view of ['home', 'watch', 'go-live'] as const) {
        await show(page, view, demo)
        const file = `${view}-${name}-${colorScheme}.png`
        await page.screenshot({ path: join(values.out, file) })
        console.info(join(values.out, file))
        const inReadme = readmePictures[file]
        if (values.readme && inReadme) {
          await page.screenshot({ path: join(root, '.github/pictures', inReadme) })
        }
      }
      await context.close()
    }
  }
} finally {
  await browser.close()
}
