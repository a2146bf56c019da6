import { streamHealthSchema } from '@streamtube/contracts/api/resources.ts'
import { z } from 'zod'
import type { Kv } from '../ports/kv/port.ts'

/** The newest report of a publisher: kept in kv, since it changes every second and its loss heals with the next one. */
const pulseSchema = z.object({
  epoch: z.number().int(),
  reportedAtMs: z.number(),
  health: streamHealthSchema.nullable(),
})
export type Pulse = z.infer<typeof pulseSchema>

const PULSE_TTL_MS = 60_000

const keyOf = (broadcastId: string) => `stream:pulse:${broadcastId}`

export async function writePulse(kv: Kv, broadcastId: string, pulse: Pulse): Promise<void> {
  await kv.set(keyOf(broadcastId), JSON.stringify(pulse), { ttlMs: PULSE_TTL_MS })
}

/** The newest report, or null when there was none for a minute. */
export async function readPulse(kv: Kv, broadcastId: string): Promise<Pulse | null> {
  const text = await kv.get(keyOf(broadcastId))
  return text === null ? null : pulseSchema.parse(JSON.parse(text))
}

export async function clearPulse(kv: Kv, broadcastId: string): Promise<void> {
  await kv.delete([keyOf(broadcastId)])
}
