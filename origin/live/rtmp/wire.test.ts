import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  amf,
  basicHeader,
  chunked,
  command,
  handshakeEnd,
  handshakeStart,
  publishCommands,
  setChunkSize,
} from '../../../test/support/rtmp-client.ts'
import type { FlvTag } from '../../media/flv/reader.ts'
import { defaultLimits, type RtmpLimits } from './limits.ts'
import { createPayloads } from './payloads.ts'
import { createWire, type RtmpCommand } from './wire.ts'
import { WireError } from './wire-error.ts'

function openWire(limits: Partial<RtmpLimits> = {}) {
  const commands: RtmpCommand[] = []
  const messages: FlvTag[] = []
  const output: Buffer[] = []
  const wire = createWire(
    {
      output: (bytes) => output.push(bytes),
      command: (command) => commands.push(command),
      message: (message) => messages.push(message),
    },
    { ...defaultLimits, ...limits },
    createPayloads(),
  )
  return { wire, commands, messages, output }
}

function shaken(limits: Partial<RtmpLimits> = {}) {
  const opened = openWire(limits)
  opened.wire.read(Buffer.concat([handshakeStart(), handshakeEnd()]))
  opened.output.length = 0
  return opened
}

function failure(run: () => void): string {
  try {
    run()
  } catch (error) {
    if (error instanceof WireError) return error.code
    throw error
  }
  return 'none'
}

const pattern = Buffer.alloc(
  9 * 1024 * 1024,
  Uint8Array.from({ length: 251 }, (_, index) => index),
)
const media = (sizeBytes: number, chunkStream = 6, timestampMs = 40) => ({
  chunkStream,
  type: 9,
  timestampMs,
  messageStream: 1,
  payload: pattern.subarray(0, sizeBytes),
})

describe('the wire', () => {
  test('reads the same whatever the slices in which bytes come, the handshake too', () => {
    const bytes = Buffer.concat([
      handshakeStart(),
      handshakeEnd(),
      publishCommands('secret', { chatty: true }),
      setChunkSize(4096),
      chunked(media(10_000), 4096),
      chunked({ ...media(300, 70), type: 8 }, 4096),
      chunked(media(5_000, 1_000, 80), 4096),
    ])
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 40 }), (cuts) => {
        const { wire, commands, messages, output } = openWire()
        wire.expectMedia()
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        for (let i = 1; i < edges.length; i++) wire.read(bytes.subarray(edges[i - 1], edges[i]))
        expect(commands.map((each) => each.name)).toEqual([
          'connect',
          'releaseStream',
          'FCPublish',
          'createStream',
          'publish',
        ])
        expect(commands.at(-1)?.fields.streamName).toBe('secret')
        expect(messages.map(({ type, timestampMs, data }) => [type, timestampMs, data.length])).toEqual([
          [9, 40, 10_000],
          [8, 40, 300],
          [9, 80, 5_000],
        ])
        expect(messages[0]?.data).toEqual(media(10_000).payload)
        expect(messages[2]?.data).toEqual(media(5_000).payload)
        expect(Buffer.concat(output).length).toBe(1 + 2 * 1536)
      }),
      { numRuns: 60 },
    )
  })

  test('gives each message bytes of its own', () => {
    const { wire, messages } = shaken()
    wire.read(chunked(media(100, 6)))
    wire.read(chunked({ ...media(100, 6), payload: Buffer.alloc(100, 1) }))
    expect(messages[0]?.data).toEqual(media(100).payload)
  })

  test('keeps chunk streams apart whose three-byte ids have the same sum of bytes', () => {
    const { wire, messages } = shaken()
    // 64 + 1 + 2 * 256 and 64 + 2 + 1 * 256, interleaved.
    const [first, second] = [chunked(media(200, 577)), chunked(media(200, 322))]
    const cut = 3 + 11 + 128
    wire.read(
      Buffer.concat([
        first.subarray(0, cut),
        second.subarray(0, cut),
        first.subarray(cut),
        second.subarray(cut),
      ]),
    )
    expect(messages.map(({ data }) => data)).toEqual([media(200).payload, media(200).payload])
  })

  test('reads times of more than 24 bits in every chunk of a message, and of the next one', () => {
    const { wire, messages } = shaken()
    const at = 0x0123_4567
    wire.read(chunked(media(300, 6, at)))
    // The next message of the same length, as a bare header of type 3: its delta is the last time (RTMP 5.3.1.2.4).
    const stamp = Buffer.alloc(4)
    stamp.writeUInt32BE(at)
    const header = Buffer.concat([basicHeader(3, 6), stamp])
    const { payload } = media(300)
    wire.read(
      Buffer.concat([
        header,
        payload.subarray(0, 128),
        header,
        payload.subarray(128, 256),
        header,
        payload.subarray(256),
      ]),
    )
    expect(messages.map(({ timestampMs }) => timestampMs)).toEqual([at, at * 2])
    expect(messages[1]?.data).toEqual(payload)
  })

  test('lets the clock wrap after 32 bits', () => {
    const { wire, messages } = shaken()
    wire.read(chunked(media(10, 6, 0xffff_fff0)))
    const delta = Buffer.from([0, 0, 0x20, 0, 0, 10, 9])
    wire.read(Buffer.concat([basicHeader(1, 6), delta, media(10).payload]))
    expect(messages.map(({ timestampMs }) => timestampMs)).toEqual([0xffff_fff0, 0x10])
  })

  test('forgets a message that the peer aborts', () => {
    const { wire, messages } = shaken()
    wire.read(chunked(media(300)).subarray(0, 12 + 128))
    wire.read(chunked({ chunkStream: 2, type: 2, payload: Buffer.from([0, 0, 0, 6]) }))
    wire.read(chunked(media(50)))
    expect(messages.map(({ data }) => data.length)).toEqual([50])
  })

  test('acknowledges what it was sent, for peers that count', () => {
    const { wire, output } = shaken()
    wire.expectMedia()
    for (let i = 0; i < 40; i++) wire.read(chunked(media(50_000)))
    expect(output.length).toBeGreaterThan(0)
    expect(output[0]?.[7]).toBe(3)
  })

  test.each<[string, string, Buffer, Partial<RtmpLimits>]>([
    ['a media message that is too large', 'message-size', chunked(media(70_000)), {}],
    ['a command that is too large', 'message-size', command(0, 'x'.repeat(60_000), 'y'.repeat(60_000)), {}],
    ['too many unfinished bytes', 'buffered', chunked(media(3_000)), { bufferedBytes: 2_000 }],
    ['a chunk size of nothing', 'chunk-size', setChunkSize(0), {}],
    ['a chunk size of one', 'chunk-size', setChunkSize(1), {}],
    ['an enormous chunk size', 'chunk-size', setChunkSize(0x7fff_ffff), {}],
    [
      'a new chunk size inside a message',
      'chunk-size',
      Buffer.concat([chunked(media(500)).subarray(0, 140), setChunkSize(4096)]),
      {},
    ],
    [
      'a message inside a message',
      'chunk-header',
      Buffer.concat([chunked(media(500)).subarray(0, 140), chunked(media(10))]),
      {},
    ],
    [
      'a chunk stream without a beginning',
      'chunk-header',
      Buffer.concat([basicHeader(3, 9), Buffer.alloc(64)]),
      {},
    ],
    [
      'too many chunk streams',
      'chunk-streams',
      Buffer.concat([5, 6, 7].map((id) => chunked(media(10, id)))),
      { chunkStreams: 2 },
    ],
    ['half a number', 'malformed', chunked({ chunkStream: 3, type: 20, payload: Buffer.from([0, 1]) }), {}],
    ['a command named by a number', 'malformed', chunked({ chunkStream: 3, type: 20, payload: amf(7) }), {}],
    [
      "a command with an object's own name",
      'malformed',
      chunked({ chunkStream: 3, type: 20, payload: amf('constructor', 1) }),
      {},
    ],
    [
      'an empty command',
      'malformed',
      Buffer.concat([chunked({ chunkStream: 3, type: 20, payload: Buffer.alloc(0) }), Buffer.alloc(1)]),
      {},
    ],
    [
      'objects in objects without an end',
      'malformed',
      Buffer.concat([
        setChunkSize(65_536),
        chunked(
          {
            chunkStream: 3,
            type: 20,
            payload: Buffer.concat(Array.from({ length: 12_000 }, () => Buffer.from([3, 0, 1, 97]))),
          },
          65_536,
        ),
      ]),
      {},
    ],
  ])('refuses %s', (_, code, bytes, limits) => {
    const { wire } = shaken(limits)
    expect(failure(() => wire.read(bytes))).toBe(code)
    // Of no further use, and quiet.
    expect(failure(() => wire.read(bytes))).toBe('none')
  })

  test('refuses what is not RTMP at its first byte', () => {
    expect(failure(() => openWire().wire.read(Buffer.from('GET / HTTP/1.1\r\n\r\n')))).toBe('not-rtmp')
  })

  test('takes large messages once media are expected', () => {
    const { wire, messages } = shaken()
    wire.expectMedia()
    wire.read(setChunkSize(65_536))
    wire.read(chunked(media(2_000_000), 65_536))
    expect(messages[0]?.data.length).toBe(2_000_000)
    expect(failure(() => wire.read(chunked(media(8 * 1024 * 1024 + 1))))).toBe('message-size')
  })
})
