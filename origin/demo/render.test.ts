import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probe } from '../media/ffmpeg.ts'
import { findFont } from './font.ts'
import { renderScene } from './render.ts'
import { aurora } from './scenes/aurora.ts'
import { dunes } from './scenes/dunes.ts'
import { lava } from './scenes/lava.ts'
import { tinyScene } from './tiny-scene.case.ts'

const signal = new AbortController().signal

describe('rendering a scene', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'render-'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it.each([aurora, dunes, lava])(
    'makes $name of formulas, with a title, in the size it says',
    async (scene) => {
      const film = await renderScene(
        { ...scene, seconds: 0.2 },
        { folder, fontFile: await findFont(), signal },
      )
      const { streams } = await probe(film.path)
      expect(streams[0]).toMatchObject({ codec_name: 'h264', width: scene.width, height: scene.height })
      expect(streams[1]?.codec_name).toBe(scene.sound ? 'aac' : undefined)
    },
  )

  it('makes a film once, and a new one when the scene changes', async () => {
    const first = await renderScene(tinyScene, { folder, fontFile: null, signal })
    const { mtimeMs } = await stat(first.path)
    expect(await renderScene(tinyScene, { folder, fontFile: null, signal })).toEqual(first)
    expect((await stat(first.path)).mtimeMs).toBe(mtimeMs)
    const changed = await renderScene({ ...tinyScene, title: 'Another' }, { folder, fontFile: null, signal })
    expect(changed.version).not.toBe(first.version)
  })

  it('goes without a title where the font cannot be read, rather than not at all', async () => {
    const fontFile = join(folder, 'broken.ttf')
    await writeFile(fontFile, 'no font')
    const film = await renderScene({ ...tinyScene, title: 'No font' }, { folder, fontFile, signal })
    expect((await probe(film.path)).streams).toHaveLength(2)
  })

  it('leaves nothing half-made behind', async () => {
    const broken = { ...tinyScene, picture: 'nosuchfilter[v]' }
    await expect(renderScene(broken, { folder, fontFile: null, signal })).rejects.toMatchObject({
      code: 'failed',
    })
    await expect(
      renderScene({ ...tinyScene, title: 'Never' }, { folder, fontFile: null, signal: AbortSignal.abort() }),
    ).rejects.toMatchObject({ code: 'aborted' })
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([])
  })
})
