import { createHmac } from 'node:crypto'
import { newId } from '@streamtube/contracts/ids.ts'
import type { Database } from '@streamtube/db/index.ts'
import { createPerson, findPerson } from '../accounts/index.ts'
import {
  type ChannelRow,
  channelOfKey,
  createChannel,
  findChannel,
  makeStreamKey,
  setStreamKey,
} from '../channels/index.ts'
import { openBroadcast } from '../library/index.ts'
import { tokenHash } from '../tokens.ts'

const CREATOR = 'demo'
/** The generated scene: on all day, so it keeps an hour and leaves nothing behind. */
const SHOW = {
  handle: 'demo',
  name: 'Lake Inari Live',
  description: 'Cameras around the lake, day and night. Generated on this machine, light by light.',
  liveTitle: 'Northern lights over Lake Inari, ridge camera',
  liveDescription:
    'The ridge camera looks north over the frozen lake, on air day and night. The clock in the corner is the ' +
    'time of the machine that makes this picture: hold a watch beside it and you see how far behind you are.',
  latency: 'low' as const,
  archive: false,
  dvrMinutes: 60,
}
/** For whoever tries to publish. */
const STAGE = {
  handle: 'demo-stage',
  name: 'Studio Two',
  description: 'An empty stage with the lights on. Publish something.',
  liveTitle: 'Live from Studio Two',
  liveDescription: 'Whatever you publish to this channel is on here within seconds.',
  latency: 'low' as const,
  archive: true,
  dvrMinutes: 240,
}

export interface DemoChannel {
  channelId: string
  handle: string
  streamKey: string
  broadcastId: string
}

/**
 * Makes the demo's creator and channels, or finds them. Their stream keys follow from the installation's secret, so
 * that an encoder set up once keeps working over restarts though only hashes are kept.
 */
export async function prepareDemo(
  db: Database,
  about: { secret: string; nowMs: number },
): Promise<{ personId: string; show: DemoChannel; stage: DemoChannel }> {
  const at = new Date(about.nowMs)
  const person =
    (await findPerson(db, CREATOR)) ??
    (await createPerson(db, { handle: CREATOR, email: null, passwordHash: null, at }))
  const channel = async (wanted: typeof SHOW): Promise<DemoChannel> => {
    const row =
      (await findChannel(db, wanted.handle)) ??
      (await createChannel(db, { id: newId(), ownerId: person.id, at, ...wanted }))
    const streamKey = await giveKey(db, row, about.secret, at)
    const broadcast = await openBroadcast(db, row, about.nowMs)
    return { channelId: row.id, handle: row.handle, streamKey, broadcastId: broadcast.id }
  }
  return { personId: person.id, show: await channel(SHOW), stage: await channel(STAGE) }
}

async function giveKey(db: Database, channel: ChannelRow, secret: string, at: Date): Promise<string> {
  const random = createHmac('sha256', secret).update(`stream key of ${channel.handle}`).digest()
  const key = makeStreamKey(random)
  const current = await channelOfKey(db, tokenHash(key))
  if (current?.channel.id !== channel.id)
    await setStreamKey(db, { id: newId(), channelId: channel.id, key, at })
  return key
}
