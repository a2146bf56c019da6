import { arpeggio } from '../sound.ts'
import { fieldSource, type Scene } from './scene.ts'

const SECONDS = 20
const FRAME_RATE = 25
const WIDTH = 1280
const HEIGHT = 720

/** Drops go up and down in whole turns of the film: [x, how far it sways, turns, phase, radius], sizes in heights. */
const drops: readonly (readonly [number, number, number, number, number])[] = [
  [0.28, 0.1, 1, 0.0, 0.17],
  [0.62, 0.08, 2, 1.3, 0.13],
  [0.95, 0.12, 1, 2.6, 0.19],
  [1.24, 0.07, 2, 4.0, 0.12],
  [1.48, 0.1, 1, 5.1, 0.16],
  [0.8, 0.3, 1, 3.3, 0.1],
]

/** How warm it is at a place: drops add up, so that they melt into each other when they meet. */
const warmth = drops
  .map(([x, sway, turns, phase, radius]) => {
    const angle = `2*PI*${turns}*T/${SECONDS}+${phase}`
    const dx = `X/H-${x}-${sway}*sin(${angle}*1.0)`
    const dy = `Y/H-0.5-0.42*cos(${angle})`
    return `${(radius * radius).toFixed(4)}/(0.004+pow(${dx},2)+pow(${dy},2))`
  })
  .join('+')

const field = fieldSource({
  width: 128,
  height: 72,
  frameRate: FRAME_RATE / 2,
  seconds: SECONDS,
  // Compressed, so that the core of a drop has a shade of its own.
  value: `255*(1-exp(-0.45*(${warmth})))`,
})

/** From warmth to colour: night blue, a thin rim of violet, then orange to yellow. */
const palette = [
  "r='clip(16+0.28*val+200*clip((val-100)/14,0,1),0,255)'",
  "g='clip(10+0.10*val+0.86*max(0,val-104)*clip((val-100)/14,0,1),0,255)'",
  "b='clip(44+0.46*val-108*clip((val-100)/14,0,1)+0.30*max(0,val-170),0,255)'",
].join(':')

/** Drops of light that rise, melt and part. Ends where it begins. */
export const lava: Scene = {
  name: 'lava',
  title: 'Slow lava, a study in orange',
  description:
    'Warm drops rise, melt into each other and part again. Made for big screens and long evenings.',
  seconds: SECONDS,
  width: WIDTH,
  height: HEIGHT,
  frameRate: FRAME_RATE,
  picture: [
    `${field},framerate=fps=${FRAME_RATE}`,
    `scale=${WIDTH}:${HEIGHT}:flags=bicubic,format=gray,format=gbrp,lutrgb=${palette},format=yuv420p[v]`,
  ].join(','),
  sound: arpeggio({
    seconds: SECONDS,
    rootHz: 146.83,
    semitones: [0, 3, 7, 10, 14, 10, 7, 3],
    notesPerSecond: 1.5,
  }),
}
