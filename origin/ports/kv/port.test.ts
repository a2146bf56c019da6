import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openEmbeddedKv } from './embedded.ts'
import { type KvFixture, kvCases } from './port.case.ts'

async function embedded(directory: string | null): Promise<KvFixture> {
  let nowMs = 1_700_000_000_000
  const kv = await openEmbeddedKv({ directory, now: () => nowMs })
  return {
    kv,
    pass: async (ms) => {
      nowMs += ms
    },
    close: async () => {
      await kv.close()
      if (directory) await rm(directory, { recursive: true })
    },
  }
}

kvCases('embedded, in memory', () => embedded(null))
kvCases('embedded, with its log', async () => embedded(await mkdtemp(join(tmpdir(), 'kv-'))))
