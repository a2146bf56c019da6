import type { RtmpCommand } from './wire.ts'

/** Where the conversation with one encoder stands. */
export type RtmpState =
  | { name: 'new' }
  | { name: 'connected'; app: string; encoder: string }
  | { name: 'authorizing'; streamId: number }
  | { name: 'publishing'; streamId: number }
  | { name: 'finished' }

/** What an encoder asks for when it publishes. The key is a secret: never logged. */
export interface PublishOffer {
  app: string
  key: string
  /** How the encoder names itself, e.g. "FMLE/3.0 (compatible; FMSc/1.0)"; untrusted text. */
  encoder: string
}

export type RtmpAction =
  | { do: 'answer-connect'; transactionId: number; objectEncoding: number }
  | { do: 'answer-create-stream'; transactionId: number }
  | { do: 'answer'; transactionId: number }
  | { do: 'authorize'; offer: PublishOffer }
  /** The encoder said that it is done. */
  | { do: 'finish' }
  /** Tell the encoder why and close. */
  | { do: 'refuse'; streamId: number; code: string; description: string }

export interface RtmpStep {
  state: RtmpState
  actions: RtmpAction[]
}

/** Longer names than this are nobody's key. */
const MAX_NAME_CHARS = 256

/**
 * One step of the conversation: connect, (releaseStream, FCPublish), createStream, publish, media, (FCUnpublish),
 * deleteStream. OBS and gstreamer say the commands in brackets, ffmpeg some of them; none is needed.
 */
export function takeCommand(state: RtmpState, command: RtmpCommand): RtmpStep {
  const { transactionId } = command
  switch (command.name) {
    case 'connect':
      return connect(state, command)
    case 'createStream':
      return stay(state, { do: 'answer-create-stream', transactionId })
    case 'releaseStream':
    case 'FCPublish':
      // Without a transaction nobody waits for an answer.
      return transactionId === 0 ? { state, actions: [] } : stay(state, { do: 'answer', transactionId })
    case 'publish':
      return publish(state, command)
    case 'play':
    case 'play2':
      return refuse(
        command,
        'NetStream.Play.Failed',
        'This address takes streams. Watch them on the web site.',
      )
    case 'FCUnpublish':
    case 'closeStream':
    case 'deleteStream':
      return unpublish(state)
    default:
      return { state, actions: [] }
  }
}

/** The key was found good: the stream may begin. */
export function authorized(state: RtmpState): RtmpState {
  return state.name === 'authorizing' ? { name: 'publishing', streamId: state.streamId } : state
}

function connect(state: RtmpState, { transactionId, streamId, fields }: RtmpCommand): RtmpStep {
  if (state.name !== 'new') return protocolError(streamId, 'connect came twice.')
  const about = record(fields.cmdObj)
  const app = text(about.app)
  if (app === null) return protocolError(streamId, 'connect names no application.')
  const objectEncoding = about.objectEncoding === 3 ? 3 : 0
  return {
    state: { name: 'connected', app, encoder: text(about.flashVer) ?? '' },
    actions: [{ do: 'answer-connect', transactionId, objectEncoding }],
  }
}

function publish(state: RtmpState, { streamId, fields }: RtmpCommand): RtmpStep {
  if (state.name !== 'connected') return protocolError(streamId, 'publish came at the wrong time.')
  const offer = { ...readAddress(state.app, text(fields.streamName) ?? ''), encoder: state.encoder }
  if (offer.key === '') {
    const actions = refuse({ streamId }, 'NetStream.Publish.BadName', 'The stream key is missing.').actions
    return { state: { name: 'finished' }, actions }
  }
  return { state: { name: 'authorizing', streamId }, actions: [{ do: 'authorize', offer }] }
}

/**
 * Finds the key: the stream name without its query, or, where an encoder put all into the server's address, the last
 * part of the application.
 */
function readAddress(app: string, streamName: string): { app: string; key: string } {
  const name = withoutQuery(streamName).replace(/^\/+|\/+$/g, '')
  const path = withoutQuery(app).replace(/^\/+|\/+$/g, '')
  if (name !== '') return { app: path, key: name }
  const cut = path.lastIndexOf('/')
  return cut < 0 ? { app: path, key: '' } : { app: path.slice(0, cut), key: path.slice(cut + 1) }
}

function unpublish(state: RtmpState): RtmpStep {
  if (state.name !== 'publishing' && state.name !== 'authorizing') return { state, actions: [] }
  return { state: { name: 'finished' }, actions: [{ do: 'finish' }] }
}

function stay(state: RtmpState, action: RtmpAction): RtmpStep {
  return { state, actions: state.name === 'finished' ? [] : [action] }
}

function refuse({ streamId }: { streamId: number }, code: string, description: string): RtmpStep {
  return { state: { name: 'finished' }, actions: [{ do: 'refuse', streamId, code, description }] }
}

function protocolError(streamId: number, description: string): RtmpStep {
  return refuse({ streamId }, 'NetConnection.Call.Failed', description)
}

function withoutQuery(value: string): string {
  return value.split('?', 1)[0] ?? ''
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value.length <= MAX_NAME_CHARS ? value : null
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
