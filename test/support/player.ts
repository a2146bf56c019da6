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

/** What a page's player did, as `recordPlaying` saw it. */
export interface PlayRecord {
  /** Media time that was played, in seconds: jumps aren't. */
  playedS: number
  /** Widths of the picture, in the order in which they came. */
  widths: number[]
  /** Texts of the captions of the track that is shown. */
  captions: string[]
}

/** Writes down what the page's player does, five times a second, until `readPlaying`. */
export async function recordPlaying(page: Page): Promise<void> {
  await page.getByTestId('video').evaluate((video: HTMLVideoElement) => {
    const record = { playedS: 0, widths: [] as number[], captions: [] as string[] }
    let last = video.currentTime
    setInterval(() => {
      const step = video.currentTime - last
      last = video.currentTime
      if (step > 0 && step < 2) record.playedS += step
      if (video.videoWidth > 0 && record.widths.at(-1) !== video.videoWidth)
        record.widths.push(video.videoWidth)
      for (const track of video.textTracks)
        for (const cue of (track.mode === 'showing' && track.cues) || [])
          if ('text' in cue && !record.captions.includes(String(cue.text)))
            record.captions.push(String(cue.text))
    }, 200)
    Object.assign(window, { playRecord: record })
  })
}

/** What was written down since `recordPlaying`. */
export function readPlaying(page: Page): Promise<PlayRecord> {
  return page.evaluate(() => (window as unknown as { playRecord: PlayRecord }).playRecord)
}

/** The visible text of the element with this test id. */
export async function textOf(page: Page, testId: string): Promise<string> {
  return (await page.getByTestId(testId).innerText()).trim()
}

/** What the player's statistics say, in seconds. They must be open. */
export async function playingFacts(
  page: Page,
): Promise<{ latencyS: number; targetS: number; bufferS: number; stalls: number }> {
  const numbers = async (testId: string) =>
    ((await textOf(page, testId)).match(/[\d.]+/g) ?? []).map((number) => Number(number))
  const [latencyS = Number.NaN, targetS = Number.NaN] = await numbers('statistics-latency')
  const [bufferS = Number.NaN] = await numbers('statistics-buffer')
  const [stalls = Number.NaN] = await numbers('statistics-stalls')
  return { latencyS, targetS, bufferS, stalls }
}
