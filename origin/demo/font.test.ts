import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findFont } from './font.ts'

describe('looking for a font', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fonts-'))
    await mkdir(join(folder, 'deep', 'deeper'), { recursive: true })
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('finds none where there is none', async () => {
    expect(await findFont([folder, join(folder, 'nowhere')])).toBeNull()
  })

  it('takes any with plain letters, and rather one that it knows', async () => {
    await writeFile(join(folder, 'NotoSansThai-Regular.ttf'), '')
    await writeFile(join(folder, 'readme-regular.txt'), '')
    expect(await findFont([folder])).toBeNull()
    await writeFile(join(folder, 'deep', 'Cantarell-Regular.otf'), '')
    expect(await findFont([folder])).toBe(join(folder, 'deep', 'Cantarell-Regular.otf'))
    await writeFile(join(folder, 'deep', 'deeper', 'DejaVuSans.ttf'), '')
    expect(await findFont([folder])).toBe(join(folder, 'deep', 'deeper', 'DejaVuSans.ttf'))
  })
})
