import type { LiveStatus, StreamHealth } from '@streamtube/contracts/api/resources.ts'
import { z } from 'zod'
import type { Kv } from '../ports/kv/port.ts'

/** Why a channel's last encoder was turned away: kept in kv, since it says nothing that the next try doesn't say again. */
const refusalSchema = z.object({ at: z.iso.datetime(), warning: z.string() })

const REFUSAL = 'unsupported-codec'
const KEPT_MS = 10 * 60_000
/** Nobody waits long for what is only told. */
const TIMEOUT_MS = 1_000

const keyOf = (channelId: string) => `stream:refusal:${channelId}`

/** Of an encoder's last report: the warning that says why its stream can't be carried; null where it just ended. */
export function refusalIn(health: StreamHealth | null): string | null {
  return health?.warnings.find((warning) => warning.split(':')[0] === REFUSAL) ?? null
}

/** @throws PortError */
export async function writeRefusal(
  kv: Kv,
  channelId: string,
  about: { warning: string; nowMs: number },
): Promise<void> {
  const refusal = { at: new Date(about.nowMs).toISOString(), warning: about.warning }
  await kv.set(keyOf(channelId), JSON.stringify(refusal), { ttlMs: KEPT_MS, timeoutMs: TIMEOUT_MS })
}

/** Why the channel's last encoder was turned away, for ten minutes; null when it wasn't. @throws PortError */
export async function readRefusal(kv: Kv, channelId: string): Promise<LiveStatus['refusal']> {
  const text = await kv.get(keyOf(channelId), { timeoutMs: TIMEOUT_MS })
  return text === null ? null : refusalSchema.parse(JSON.parse(text))
}

/** An encoder ended well: what an earlier one did wrong is no news. @throws PortError */
export async function clearRefusal(kv: Kv, channelId: string): Promise<void> {
  await kv.delete([keyOf(channelId)], { timeoutMs: TIMEOUT_MS })
}
