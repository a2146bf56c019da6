import type { LiveStatus } from '@streamtube/contracts/api/resources.ts'
import type { ChannelRow } from '../channels/index.ts'
import { ALIVE_MS } from './alive.ts'
import { findOpenBroadcast } from './broadcasts.ts'
import type { LibraryDeps } from './deps.ts'
import { lastReturn } from './epochs.ts'
import { interruptedUntil } from './interruption.ts'
import { readPulse, unlessAway } from './pulse.ts'
import { readRefusal } from './refusals.ts'
import { getVideo } from './videos.ts'

/** Where encoders publish to. */
export interface IngestAddresses {
  rtmpUrl: string
  rtmpsUrl: string | null
}

const RTMP_PORT = 1935
const RTMPS_PORT = 443

/** The addresses a creator copies into an encoder, on the host that people reach the site by. */
export function ingestAddresses(config: {
  publicUrl: string
  rtmpPort: number
  rtmpsPort: number | null
}): IngestAddresses {
  const { hostname } = new URL(config.publicUrl)
  const address = (scheme: string, port: number, usual: number) =>
    `${scheme}://${hostname}${port === usual ? '' : `:${port}`}/live`
  return {
    rtmpUrl: address('rtmp', config.rtmpPort, RTMP_PORT),
    rtmpsUrl: config.rtmpsPort === null ? null : address('rtmps', config.rtmpsPort, RTMPS_PORT),
  }
}

/** What the go-live page shows of a channel. */
export async function liveStatus(
  deps: Pick<LibraryDeps, 'db' | 'kv' | 'log' | 'now'>,
  channel: ChannelRow,
  ingest: IngestAddresses,
): Promise<LiveStatus> {
  const broadcast = await findOpenBroadcast(deps.db, channel.id)
  if (!broadcast || broadcast.state === 'idle' || broadcast.state === 'ended') {
    const refusal = await unlessAway(readRefusal(deps.kv, channel.id), null, (err) =>
      deps.log.warn({ err, channelId: channel.id }, 'why an encoder was turned away cannot be shown'),
    )
    return { ingest, state: 'idle', video: null, health: null, interrupted: null, lastReturn: null, refusal }
  }
  const pulse = await unlessAway(readPulse(deps.kv, broadcast.id), null, (err) =>
    deps.log.warn({ err, broadcastId: broadcast.id }, "a stream's health cannot be shown"),
  )
  // What a silent node said last is no longer true, though its stream may come back.
  const isHeard = pulse?.epoch === broadcast.epoch && pulse.reportedAtMs > deps.now() - ALIVE_MS
  const until = interruptedUntil(broadcast)
  return {
    ingest,
    state: broadcast.state,
    video: broadcast.state === 'offered' ? null : await getVideo(deps.db, broadcast.id),
    health: isHeard && broadcast.state !== 'interrupted' ? pulse.health : null,
    interrupted:
      until && broadcast.interruptedAt
        ? { since: broadcast.interruptedAt.toISOString(), until: until.toISOString() }
        : null,
    lastReturn: await lastReturn(deps.db, broadcast),
    refusal: null,
  }
}
