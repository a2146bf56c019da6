import { describe, expect, it } from 'vitest'
import { actionOf, type KeyPress, nextRate } from './keyboard.ts'

const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({
  key,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  ...held,
})
const playing = { kind: 'vod', paused: false } as const
const paused = { kind: 'vod', paused: true } as const
const live = { kind: 'live', paused: false } as const

describe('the player’s keys', () => {
  it('play and pause with K and the space bar', () => {
    expect(actionOf(press('k'), playing)).toEqual({ type: 'toggle-play' })
    expect(actionOf(press(' '), playing)).toEqual({ type: 'toggle-play' })
  })
  it('seek by ten and by five seconds', () => {
    expect(actionOf(press('j'), live)).toEqual({ type: 'seek-by', seconds: -10 })
    expect(actionOf(press('l'), live)).toEqual({ type: 'seek-by', seconds: 10 })
    expect(actionOf(press('ArrowLeft'), live)).toEqual({ type: 'seek-by', seconds: -5 })
  })
  it('jump to a tenth with the digits', () => {
    expect(actionOf(press('0'), playing)).toEqual({ type: 'seek-to-fraction', fraction: 0 })
    expect(actionOf(press('7'), playing)).toEqual({ type: 'seek-to-fraction', fraction: 0.7 })
  })
  it('work with caps lock on', () => {
    expect(actionOf(press('M'), playing)).toEqual({ type: 'toggle-mute' })
  })
  it('step through frames only while paused', () => {
    expect(actionOf(press('.'), playing)).toBeNull()
    expect(actionOf(press('.'), paused)).toEqual({ type: 'step-frames', frames: 1 })
    expect(actionOf(press(','), paused)).toEqual({ type: 'step-frames', frames: -1 })
  })
  it('change the speed of a video, never of a live stream', () => {
    expect(actionOf(press('>'), playing)).toEqual({ type: 'rate-by', steps: 1 })
    expect(actionOf(press('>'), live)).toBeNull()
  })
  it('show statistics with I', () => {
    expect(actionOf(press('i'), live)).toEqual({ type: 'toggle-statistics' })
    expect(actionOf(press('p'), live)).toEqual({ type: 'toggle-picture-in-picture' })
  })
  it('leave the browser its own: with control, command or alt, and all they do not know', () => {
    expect(actionOf(press('f', { ctrlKey: true }), playing)).toBeNull()
    expect(actionOf(press('l', { metaKey: true }), playing)).toBeNull()
    expect(actionOf(press('ArrowLeft', { altKey: true }), playing)).toBeNull()
    expect(actionOf(press('Tab'), playing)).toBeNull()
    expect(actionOf(press('constructor'), playing)).toBeNull()
    expect(actionOf(press('toString'), playing)).toBeNull()
  })
})

describe('speeds', () => {
  it('go through the list and stay within it', () => {
    expect(nextRate(1, 1)).toBe(1.25)
    expect(nextRate(1, -1)).toBe(0.75)
    expect(nextRate(2, 1)).toBe(2)
    expect(nextRate(0.25, -1)).toBe(0.25)
    expect(nextRate(1.04, 1)).toBe(1.25)
  })
})
