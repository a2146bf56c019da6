import { open } from 'node:fs/promises'
import type { Blobs } from '../ports/blobs/port.ts'
import { renderScene } from './render.ts'
import type { Scene } from './scenes/scene.ts'
import type { DemoOptions } from './types.ts'

const CHUNK_BYTES = 256 * 1024

export interface ImportOptions extends Pick<DemoOptions, 'blobs' | 'setup' | 'signal'> {
  folder: string
  fontFile: string | null
  channelId: string
  /** The last one stands first on the page. */
  scenes: readonly Scene[]
}

/** Makes the demo's videos and gives them to the site; done again, it finds them there. @returns their ids */
export async function importVideos(options: ImportOptions): Promise<string[]> {
  const { blobs, setup, signal, folder, fontFile, channelId, scenes } = options
  const ids: string[] = []
  for (const scene of scenes) {
    const film = await renderScene(scene, { folder, fontFile, signal })
    const blobKey = `demo/${scene.name}-${film.version}.mp4`
    await putFile(blobs, blobKey, film.path, signal)
    const { title, description, name } = scene
    const about = { channelId, title, description, blobKey, importKey: `demo-${name}` }
    ids.push((await setup.importVideo(about, { signal })).videoId)
  }
  return ids
}

async function putFile(blobs: Blobs, key: string, path: string, signal: AbortSignal): Promise<void> {
  const file = await open(path, 'r')
  try {
    const { size } = await file.stat()
    if ((await blobs.head(key, { signal }))?.sizeBytes === size) return
    const body = file.createReadStream({ highWaterMark: CHUNK_BYTES, autoClose: false })
    await blobs.put(key, body, { contentType: 'video/mp4', signal })
  } finally {
    await file.close()
  }
}
