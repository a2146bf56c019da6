import { streamHealthSchema } from '@streamtube/contracts/api/resources.ts'
import { z } from 'zod'
import { PortError } from '../ports/error.ts'
import type { Kv } from '../ports/kv/port.ts'

/** The newest report of a publisher: kept in kv, since it changes every second and its loss heals with the next one. */
const pulseSchema = z.object({
  epoch: z.number().int(),
  reportedAtMs: z.number(),
  /** How long nothing had come from the encoder. */
  silentMs: z.number().default(0),
  health: streamHealthSchema.nullable(),
})
export type Pulse = z.infer<typeof pulseSchema>

const PULSE_TTL_MS = 60_000

const keyOf = (broadcastId: string) => `stream:pulse:${broadcastId}`

/** A report comes every second: one that kv keeps waiting is better lost. */
const TIMEOUT_MS = 1_000

/** @throws PortError */
export async function writePulse(kv: Kv, broadcastId: string, pulse: Pulse): Promise<void> {
  await kv.set(keyOf(broadcastId), JSON.stringify(pulse), { ttlMs: PULSE_TTL_MS, timeoutMs: TIMEOUT_MS })
}

/** The newest report, or null when there was none for a minute. @throws PortError */
export async function readPulse(kv: Kv, broadcastId: string): Promise<Pulse | null> {
  const text = await kv.get(keyOf(broadcastId), { timeoutMs: TIMEOUT_MS })
  return text === null ? null : pulseSchema.parse(JSON.parse(text))
}

/** @throws PortError */
export async function clearPulse(kv: Kv, broadcastId: string): Promise<void> {
  await kv.delete([keyOf(broadcastId)], { timeoutMs: TIMEOUT_MS })
}

/** For whoever can do without a pulse: what kv answers, or `instead` while it is away, of which `onAway` is told. */
export async function unlessAway<T>(
  call: Promise<T>,
  instead: T,
  onAway: (error: PortError) => void,
): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (!(error instanceof PortError)) throw error
    onAway(error)
    return instead
  }
}
