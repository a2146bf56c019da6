import { describe, expect, test } from 'vitest'
import { authorized, type RtmpState, type RtmpStep, takeCommand } from './session.ts'
import type { RtmpCommand } from './wire.ts'

const command = (name: string, fields: Record<string, unknown> = {}, streamId = 0): RtmpCommand => ({
  name,
  transactionId: 1,
  streamId,
  fields,
})

/** Says one command after the other; the actions of all. */
function talk(...commands: RtmpCommand[]): RtmpStep {
  let state: RtmpState = { name: 'new' }
  const actions = commands.flatMap((each) => {
    const step = takeCommand(state, each)
    state = step.state
    return step.actions
  })
  return { state, actions }
}

const connect = (app: unknown = 'live') => command('connect', { cmdObj: { app, flashVer: 'FMLE/3.0' } })
const publish = (streamName: unknown) => command('publish', { streamName }, 1)

describe('an encoder that publishes', () => {
  test('the way OBS does is let through to the question for its key', () => {
    const { state, actions } = talk(
      connect(),
      command('releaseStream', { streamName: 'key' }),
      command('FCPublish', { streamName: 'key' }),
      command('createStream'),
      command('_checkbw'),
      publish('key'),
    )
    expect(actions.map((action) => action.do)).toEqual([
      'answer-connect',
      'answer',
      'answer',
      'answer-create-stream',
      'authorize',
    ])
    expect(actions.at(-1)).toEqual({
      do: 'authorize',
      offer: { app: 'live', key: 'key', encoder: 'FMLE/3.0' },
    })
    expect(authorized(state)).toEqual({ name: 'publishing', streamId: 1 })
  })

  test.each([
    ['live', 'key', 'live', 'key'],
    ['live/', '/key', 'live', 'key'],
    ['live', 'key?x=1', 'live', 'key'],
    ['live?x=1', 'key', 'live', 'key'],
    ['live/key', '', 'live', 'key'],
    ['a/b', 'c/d', 'a/b', 'c/d'],
  ])('with app "%s" and name "%s" offers "%s" and "%s"', (app, name, offeredApp, key) => {
    expect(talk(connect(app), publish(name)).actions.at(-1)).toMatchObject({
      offer: { app: offeredApp, key },
    })
  })

  test.each<[string, RtmpCommand[], string]>([
    ['without a key', [connect(), publish('')], 'NetStream.Publish.BadName'],
    ['with a key that is an object', [connect(), publish({ a: 1 })], 'NetStream.Publish.BadName'],
    ['with an endless key', [connect(), publish('k'.repeat(300))], 'NetStream.Publish.BadName'],
    ['before it has connected', [publish('key')], 'NetConnection.Call.Failed'],
    ['twice', [connect(), publish('key'), publish('key')], 'NetConnection.Call.Failed'],
    ['after connecting twice', [connect(), connect()], 'NetConnection.Call.Failed'],
    ['to no application', [connect(null)], 'NetConnection.Call.Failed'],
    ['and wants to play', [connect(), command('play', { streamName: 'key' })], 'NetStream.Play.Failed'],
  ])('%s is refused', (_, commands, code) => {
    const { state, actions } = talk(...commands)
    expect(actions.at(-1)).toMatchObject({ do: 'refuse', code })
    expect(state.name).toBe('finished')
  })

  test.each(['FCUnpublish', 'deleteStream', 'closeStream'])('and says %s has finished, once', (name) => {
    const { actions } = talk(connect(), publish('key'), command(name), command('deleteStream'))
    expect(actions.slice(2)).toEqual([{ do: 'finish' }])
  })

  test('and unpublishes what it never published is ignored', () => {
    expect(talk(connect(), command('deleteStream')).actions).toHaveLength(1)
  })
})
