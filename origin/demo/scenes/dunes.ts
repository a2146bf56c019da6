import { arpeggio } from '../sound.ts'
import { lightSource, type Scene, stillSource } from './scene.ts'

const SECONDS = 20
const FRAME_RATE = 25
const WIDTH = 1280
const HEIGHT = 720

/** The night is over after two thirds. */
const day = `min(1,T/${(SECONDS * 2) / 3})`
const sunX = `(0.30+0.16*T/${SECONDS})`
const sunY = `(0.80-0.44*T/${SECONDS})`
const fromSun = `hypot((X/W-${sunX})*1.78,Y/H-${sunY})`

const sky = lightSource({
  width: 96,
  height: 54,
  frameRate: FRAME_RATE / 2,
  seconds: SECONDS,
  red: `clip(14+${day}*(90+150*Y/H)+235*exp(-9*${fromSun})*(0.35+0.65*${day})+60*exp(-pow((Y/H-0.75)*4,2))*(1-${day}),0,255)`,
  green: `clip(18+${day}*(96+66*Y/H)+170*exp(-11*${fromSun})*(0.3+0.7*${day})+18*exp(-pow((Y/H-0.75)*4,2)),0,255)`,
  blue: `clip(46+30*(1-Y/H)+${day}*(92-46*Y/H)+70*exp(-12*${fromSun})*${day},0,255)`,
})

/** Crests that are round on the one side and steep on the other, as the wind makes them. */
const crest = (x: string, length: number) => `pow(abs(sin(${x}/${length})),0.7)`
const back = `430-70*${crest('(X+90)', 390)}+8*sin(X/71)`
const middle = `520-96*${crest('(X+420)', 520)}+6*sin(X/93+1)`
const front = `640-118*${crest('(X+40)', 700)}+5*sin(X/120+2)`

function dune(edge: string, [red, green, blue]: readonly [number, number, number]): string {
  const light = `(0.72+0.5*exp(-pow((Y-(${edge}))/90,2)))`
  return stillSource({
    width: WIDTH,
    height: HEIGHT,
    frameRate: FRAME_RATE,
    red: `min(255,${red}*${light})`,
    green: `min(255,${green}*${light})`,
    blue: `min(255,${blue}*${light})`,
    alpha: `255*clip(Y-(${edge}),0,1)`,
  })
}

/** A sunrise over dunes, which take the light as it comes. */
export const dunes: Scene = {
  name: 'dunes',
  title: 'First light on the dunes',
  description: 'A morning in the Erg Chebbi, from the last star to the first shadow, in twenty seconds.',
  seconds: SECONDS,
  width: WIDTH,
  height: HEIGHT,
  frameRate: FRAME_RATE,
  picture: [
    `${sky},framerate=fps=${FRAME_RATE},scale=${WIDTH}:${HEIGHT}:flags=bicubic,format=yuv420p[sky]`,
    `${dune(back, [150, 92, 78])}[back]`,
    `${dune(middle, [118, 62, 54])}[middle]`,
    `${dune(front, [70, 34, 38])}[front]`,
    '[sky][back]overlay=shortest=1[one]',
    '[one][middle]overlay=shortest=1[two]',
    '[two][front]overlay=shortest=1[three]',
    `[three]eq=eval=frame:brightness='-0.16+0.16*min(1,t/${(SECONDS * 2) / 3})':saturation='0.75+0.4*min(1,t/${SECONDS})'[v]`,
  ].join(';'),
  sound: arpeggio({
    seconds: SECONDS,
    rootHz: 196,
    semitones: [0, 7, 12, 16, 19, 16, 12, 7],
    notesPerSecond: 2.5,
  }),
}
