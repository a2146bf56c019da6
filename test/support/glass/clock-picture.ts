import { CODE_BITS, encodeTime } from './clock-code.ts'

/** Where the code is in the picture: squares large enough to outlive any bit rate. */
const SQUARE_WIDTH = 24
export const STRIP = { x: 64, y: 64, width: CODE_BITS * SQUARE_WIDTH, height: 48 } as const

export const WIDTH = 1280
export const HEIGHT = 720
const LUMA_BYTES = WIDTH * HEIGHT
const BLACK = 16
const WHITE = 235

/** Raw pictures (yuv420p, 1280x720) that move and show a time for machines. */
export class ClockPicture {
  /** Twice as high as the picture: what is shown scrolls through it. */
  readonly #background = makeBackground()
  readonly #chroma = Buffer.alloc(LUMA_BYTES / 2, 128)

  /** @param index counts the pictures; it moves what is behind the clock */
  draw(timeMs: number, index: number): Buffer {
    const fromRow = (index * 4) % HEIGHT
    const picture = Buffer.concat([
      this.#background.subarray(fromRow * WIDTH, fromRow * WIDTH + LUMA_BYTES),
      this.#chroma,
    ])
    for (const [at, bit] of encodeTime(timeMs).entries()) {
      const x = STRIP.x + at * SQUARE_WIDTH
      for (let y = STRIP.y; y < STRIP.y + STRIP.height; y++)
        picture.fill(bit ? WHITE : BLACK, y * WIDTH + x, y * WIDTH + x + SQUARE_WIDTH)
    }
    return picture
  }
}

function makeBackground(): Buffer {
  const luma = Buffer.alloc(LUMA_BYTES * 2)
  for (let y = 0; y < HEIGHT * 2; y++) {
    for (let x = 0; x < WIDTH; x++) {
      const wave = Math.sin(x / 47) * Math.sin(((y % HEIGHT) * 2 * Math.PI) / (HEIGHT / 6))
      luma[y * WIDTH + x] = Math.round(110 + 60 * wave + 30 * (((x >> 5) ^ ((y % HEIGHT) >> 4)) & 1))
    }
  }
  return luma
}
