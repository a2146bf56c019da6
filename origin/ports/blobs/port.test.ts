import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openFileBlobs } from './file.ts'
import { type BlobsFixture, blobsCases } from './port.case.ts'

async function inFolder(fsync: boolean): Promise<BlobsFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'blobs-'))
  const blobs = await openFileBlobs({ folder, fsync })
  return {
    blobs,
    close: async () => {
      await blobs.close()
      await rm(folder, { recursive: true })
    },
  }
}

blobsCases('file', () => inFolder(false))
blobsCases('file, synced', () => inFolder(true))
