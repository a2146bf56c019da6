import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Browser, complaintsOf, launchBrowser } from '../support/browser.ts'
import { type Platform, startPlatform } from '../support/platform.ts'

const PATIENCE = { timeout: 20_000 }

let platform: Platform
let browser: Browser

beforeAll(async () => {
  ;[platform, browser] = await Promise.all([startPlatform({ env: { LOG_LEVEL: 'debug' } }), launchBrowser()])
}, 180_000)

afterAll(async () => {
  await browser?.close()
  await platform?.stop()
}, 60_000)

const home = (cookie = '') => fetch(platform.url, { headers: { accept: 'text/html', cookie } })

function webPid(): number {
  return platform.processes().find(({ command }) => command.includes('web/server.ts'))?.pid ?? 0
}

test('guests share a page; its scripts are allowed by what they are, and nothing else is', async () => {
  const page = await (await browser.newContext()).newPage()
  const complaints = complaintsOf(page)
  await page.addInitScript(() => localStorage.setItem('theme', 'dark'))
  for (let visit = 0; visit < 2; visit++) {
    const response = await page.goto(platform.url)
    await page.waitForSelector('html[data-hydrated][data-theme=dark]')
    const policy = (await response?.headerValue('content-security-policy')) ?? ''
    expect(policy).toMatch(/script-src 'self'( 'sha256-[^']+')+/)
    expect(policy).not.toMatch(/script-src[^;]*(nonce|unsafe)/)
  }
  expect(complaints).toEqual([])
})

test('while the pages’ server hangs or is dead, a guest’s home still answers', async () => {
  expect((await home()).status).toBe(200)
  const pid = webPid()
  process.kill(pid, 'SIGSTOP')
  try {
    const stale = async () => {
      const response = await home()
      expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('<main')])
      return response.headers.get('x-streamtube-stale')
    }
    await expect.poll(stale, PATIENCE).not.toBeNull()
  } finally {
    process.kill(pid, 'SIGCONT')
  }
  process.kill(webPid(), 'SIGKILL')
  const isBack = async () => {
    const response = await home()
    expect(response.status).toBe(200)
    return webPid() !== pid && response.headers.get('x-streamtube-stale') === null
  }
  await expect.poll(isBack, PATIENCE).toBe(true)
})

test('who is signed in has a page of their own, guests go on with theirs', async () => {
  const setupToken = new URL(String(platform.setupLink)).searchParams.get('token')
  const answer = await fetch(`${platform.url}/api/v1/accounts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
    body: JSON.stringify({ handle: 'ada', email: 'ada@example.org', password: 'correct horse', setupToken }),
  })
  expect(answer.status).toBe(201)
  const cookie = answer.headers.getSetCookie()[0]?.split(';', 1)[0]
  for (let visit = 0; visit < 3; visit++) {
    const [own, guest] = await Promise.all([home(cookie), home()])
    expect(await own.text()).toContain('ada')
    expect(await guest.text()).not.toContain('ada')
  }
})
