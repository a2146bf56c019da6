import type { Page } from 'playwright-core'
import { CODE_BITS, decodeTime } from './clock-code.ts'
import { STRIP } from './clock-picture.ts'

/** A frame that a page has shown: the time in its picture and the time at which it is on the screen. */
export interface ShownFrame {
  drawnMs: number
  shownMs: number
}

interface Sampled {
  frames: [shownMs: number, squares: string][]
  stalls: number
}
type SampledWindow = Window & { glass?: Sampled }

/** Every fifth frame: parts hold six, so that in time each place in a part is looked at. */
const EVERY = 5

/** Begins to read the clock in the page's video, and to count its stalls. */
export async function watchClock(page: Page): Promise<void> {
  await page.getByTestId('video').evaluate(
    (video: HTMLVideoElement, { strip, bits, every }) => {
      const canvas = document.createElement('canvas')
      canvas.width = bits
      canvas.height = 1
      const context = canvas.getContext('2d', { willReadFrequently: true })
      if (!context) throw new Error('no canvas')
      const sampled: Sampled = { frames: [], stalls: 0 }
      ;(window as SampledWindow).glass = sampled
      video.addEventListener('waiting', () => sampled.stalls++)
      let count = 0
      const look: VideoFrameRequestCallback = (_, { expectedDisplayTime }) => {
        video.requestVideoFrameCallback(look)
        if (count++ % every !== 0) return
        context.drawImage(video, strip.x, strip.y, strip.width, strip.height, 0, 0, bits, 1)
        const { data } = context.getImageData(0, 0, bits, 1)
        let squares = ''
        for (let i = 0; i < bits; i++) squares += (data[i * 4] ?? 0) > 127 ? '1' : '0'
        // On the screen now at the earliest.
        const shownMs = performance.timeOrigin + Math.max(expectedDisplayTime, performance.now())
        sampled.frames.push([shownMs, squares])
      }
      video.requestVideoFrameCallback(look)
    },
    { strip: STRIP, bits: CODE_BITS, every: EVERY },
  )
}

/** What has been seen since it began; `unread` counts frames whose clock could not be read. */
export async function readClock(
  page: Page,
): Promise<{ shown: ShownFrame[]; unread: number; stalls: number }> {
  const sampled = await page.evaluate(() => (window as SampledWindow).glass)
  if (!sampled) throw new Error('the page’s clock is not watched')
  const shown = sampled.frames.flatMap(([shownMs, squares]) => {
    const drawnMs = decodeTime([...squares].map((square) => square === '1'))
    return drawnMs === null ? [] : [{ drawnMs, shownMs }]
  })
  return { shown, unread: sampled.frames.length - shown.length, stalls: sampled.stalls }
}
