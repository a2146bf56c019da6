import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFileBlobs } from './file.ts'

const mp4 = { contentType: 'video/mp4' }

describe('blobs in a folder', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'blobs-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('has everything again after a restart', async () => {
    const first = await openFileBlobs({ folder })
    await first.put('a/b.mp4', new Uint8Array([1, 2]), { contentType: 'text/plain' })
    await first.close()
    const second = await openFileBlobs({ folder })
    expect(await second.head('a/b.mp4')).toMatchObject({ sizeBytes: 2, contentType: 'text/plain' })
    await second.close()
  })

  it('removes what a dead process left half-written, and nothing that is being written', async () => {
    await (await openFileBlobs({ folder })).close()
    await writeFile(join(folder, '.tmp', 'old'), 'x')
    await writeFile(join(folder, '.tmp', 'new'), 'x')
    const yesterday = Date.now() / 1000 - 25 * 3600
    await utimes(join(folder, '.tmp', 'old'), yesterday, yesterday)
    await (await openFileBlobs({ folder })).close()
    expect(await readdir(join(folder, '.tmp'))).toEqual(['new'])
  })

  it('takes as much more as its disk has for whoever runs it', async () => {
    const asked: string[] = []
    const diskOf = async (path: string) => {
      asked.push(path)
      return { bavail: 300, bsize: 4096 }
    }
    const blobs = await openFileBlobs({ folder, diskOf })
    expect(await blobs.freeBytes()).toBe(300 * 4096)
    expect(asked).toEqual([folder])
    await blobs.close()
  })

  it('leaves no temporary file and no empty folder behind', async () => {
    const blobs = await openFileBlobs({ folder })
    await blobs.put('a/b/c.mp4', new Uint8Array(3), mp4)
    await blobs.put('a/b/c.mp4', new Uint8Array(3), { ...mp4, ifAbsent: true })
    await expect(blobs.put('a/d.mp4', new Uint8Array(3), { ...mp4, maxBytes: 2 })).rejects.toThrow()
    await blobs.put('a/typed', new Uint8Array(3), mp4)
    expect(await readdir(join(folder, '.tmp'))).toEqual([])
    await blobs.delete(['a/b/c.mp4', 'a/typed'])
    expect(await readdir(folder)).toEqual(['.tmp'])
    await blobs.close()
  })

  it('survives puts and deletes of one folder at the same time', async () => {
    const blobs = await openFileBlobs({ folder })
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        const key = `a/b/${index % 7}.mp4`
        if (index % 2) await blobs.delete([key])
        else await blobs.put(key, new Uint8Array(10), mp4)
      }),
    )
    await blobs.put('a/b/last.mp4', new Uint8Array(1), mp4)
    expect(await blobs.head('a/b/last.mp4')).not.toBeNull()
    await blobs.close()
  })

  it('keeps its files from other users of the machine', async () => {
    const blobs = await openFileBlobs({ folder })
    await blobs.put('a/b.mp4', new Uint8Array(1), mp4)
    expect((await stat(join(folder, 'a'))).mode & 0o077).toBe(0)
    expect((await stat(join(folder, 'a', 'b.mp4'))).mode & 0o077).toBe(0)
    await blobs.close()
  })
})
