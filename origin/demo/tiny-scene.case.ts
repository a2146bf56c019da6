import type { Scene } from './scenes/scene.ts'

/** A scene for tests, made in no time. */
export const tinyScene: Scene = {
  name: 'tiny',
  title: 'Tiny',
  description: 'A test picture.',
  seconds: 2,
  width: 160,
  height: 90,
  frameRate: 25,
  picture: 'testsrc2=size=160x90:rate=25[v]',
  sound: 'sine=frequency=440:sample_rate=48000[a]',
}
