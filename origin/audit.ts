import { newId } from '@streamtube/contracts/ids.ts'
import type { Logger } from './log.ts'
import type { Docs, JsonObject } from './ports/docs/port.ts'

/** Who did what, kept for operators. */
export interface Audit {
  /** Writes an entry in the background: nobody waits for it, a failure is logged. */
  note(action: string, about: JsonObject): void
  /** Waits for entries under way. */
  drain(): Promise<void>
}

/** An audit log in the docs port's collection `audit`. */
export function createAudit(docs: Docs, log: Logger, now: () => number): Audit {
  const writing = new Set<Promise<void>>()
  return {
    note(action, about) {
      const entry = { id: newId(), timeMs: now(), body: { action, ...about } }
      const written = docs.insertMany('audit', [entry]).then(
        () => undefined,
        (err: unknown) => log.error({ err, action, entryId: entry.id }, 'audit entry lost'),
      )
      writing.add(written)
      void written.finally(() => writing.delete(written))
    },
    async drain() {
      await Promise.all(writing)
    },
  }
}
