import type { Page } from 'playwright-core'

/** Where the page's player is, in seconds. */
export function playedSeconds(page: Page): Promise<number> {
  return page.getByTestId('video').evaluate((video: HTMLVideoElement) => video.currentTime)
}

/** Waits until the page's player has shown a picture and its clock runs. @throws after the deadline, with the player's state */
export async function untilPlaying(page: Page, deadlineMs: number): Promise<void> {
  const video = page.getByTestId('video')
  await video.waitFor({ state: 'attached', timeout: deadlineMs })
  const state = await video.evaluate(
    (element: HTMLVideoElement, ms) =>
      new Promise<string>((resolve) => {
        const describe = () =>
          `readyState ${element.readyState}, paused ${element.paused}, at ${element.currentTime} s, ` +
          `error ${element.error?.message ?? 'none'}, player ${element.closest('[data-testid=player]')?.getAttribute('data-state')}`
        const timer = setTimeout(() => resolve(describe()), ms)
        const from = element.currentTime
        const look = () => {
          if (element.videoWidth === 0 || element.paused || element.currentTime === from) return
          clearTimeout(timer)
          element.removeEventListener('timeupdate', look)
          resolve('playing')
        }
        element.addEventListener('timeupdate', look)
        look()
      }),
    deadlineMs,
  )
  if (state !== 'playing') throw new Error(`The player did not play within ${deadlineMs} ms: ${state}`)
}

/** The visible text of the element with this test id. */
export async function textOf(page: Page, testId: string): Promise<string> {
  return (await page.getByTestId(testId).innerText()).trim()
}
