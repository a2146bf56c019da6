/** Gives memory for messages' payloads. */
export interface Payloads {
  /** Bytes of any content, which nobody else uses. */
  allocate(sizeBytes: number): Buffer
}

const SLAB_BYTES = 256 * 1024
const ALIGNMENT = 8

/**
 * Cuts payloads from slabs: a payload of its own each would be a hundred allocations a second and stream for the
 * garbage collector. A slab lives as long as the last payload in it, which is until its part is written.
 */
export function createPayloads(): Payloads {
  let slab = Buffer.alloc(0)
  let used = 0
  return {
    allocate(sizeBytes) {
      if (sizeBytes > SLAB_BYTES / 2) return Buffer.allocUnsafeSlow(sizeBytes)
      if (used + sizeBytes > slab.length) {
        slab = Buffer.allocUnsafeSlow(SLAB_BYTES)
        used = 0
      }
      const start = used
      used = Math.ceil((start + sizeBytes) / ALIGNMENT) * ALIGNMENT
      return slab.subarray(start, start + sizeBytes)
    },
  }
}
