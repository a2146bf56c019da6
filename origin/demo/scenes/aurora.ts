import { lightSource, type Scene, stillSource } from './scene.ts'

const SECONDS = 12
const FRAME_RATE = 25
const WIDTH = 960
const SKY = 360
const WATER = 180

/** Everything moves in whole turns, so that the film ends where it begins. */
const turn = `T/${SECONDS}`

const sky = lightSource({
  width: 128,
  height: 64,
  frameRate: FRAME_RATE,
  seconds: SECONDS,
  red: `10+14*Y/H+95*pow(max(0,sin(2*PI*(X/W*1.1-${turn})+1.3*sin(2*PI*(Y/H*0.5+${turn}))+2)),3)*(1-Y/H)*Y/H*2.6`,
  green: `20+30*Y/H+215*pow(max(0,sin(2*PI*(X/W*0.9+${turn})+1.6*sin(2*PI*(X/W*0.6-${turn})+3*Y/H))),2.2)*(1-Y/H)*(0.25+Y/H)*1.5`,
  blue: `52+52*Y/H+150*pow(max(0,sin(2*PI*(X/W*0.7+2*${turn})+1.2*cos(2*PI*(Y/H*0.7+${turn})))),2)*(1-Y/H)*(0.4+Y/H)`,
})

const stars = stillSource({
  width: WIDTH,
  height: SKY,
  frameRate: FRAME_RATE,
  red: '235',
  green: '240',
  blue: '255',
  alpha: 'if(gt(random(1),0.9988),60+195*random(2)*(1-Y/H),0)',
})

const nearRidge = '330+10*sin(X/61)-22*sin(X/173+1)+3*sin(X/17)'
const farRidge = '282+26*sin(X/97+2)-34*sin(X/211)+6*sin(X/29)+2*sin(X/11)'
const shade = (near: number, far: number) => `if(gt(Y,${nearRidge}),${near},${far})`

const hills = stillSource({
  width: WIDTH,
  height: SKY,
  frameRate: FRAME_RATE,
  red: shade(4, 12),
  green: shade(7, 20),
  blue: shade(14, 40),
  alpha: `if(gt(Y,min(${nearRidge},${farRidge})),255,0)`,
})

/** Northern lights over a lake, a loop without a seam: the live channel's picture, to which a clock is added. */
export const aurora: Scene = {
  name: 'aurora',
  title: 'Northern lights over Lake Inari',
  description: 'The ridge camera on the north shore, all night long.',
  seconds: SECONDS,
  width: WIDTH,
  height: SKY + WATER,
  frameRate: FRAME_RATE,
  picture: [
    `${sky},scale=${WIDTH}:${SKY}:flags=bicubic,format=yuv420p[sky]`,
    `${stars}[stars]`,
    `${hills}[hills]`,
    '[sky][stars]overlay=shortest=1[starry]',
    '[starry][hills]overlay=shortest=1,split[land][mirror]',
    `[mirror]vflip,scale=${WIDTH}:${WATER}:flags=bilinear,boxblur=6:1,eq=brightness=-0.03:saturation=0.9[water]`,
    '[land][water]vstack,setsar=1,format=yuv420p[v]',
  ].join(';'),
  sound: null,
}
