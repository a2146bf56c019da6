/** What a broadcast's interruption is read from. */
export interface Interruptible {
  interruptedAt: Date | null
  reconnectWindowSeconds: number
}

/** Until when a broadcast whose encoder is away waits for it; null while it isn't away. */
export function interruptedUntil({ interruptedAt, reconnectWindowSeconds }: Interruptible): Date | null {
  return interruptedAt && new Date(interruptedAt.getTime() + reconnectWindowSeconds * 1000)
}
