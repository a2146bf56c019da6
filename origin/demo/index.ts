import { join } from 'node:path'
import { writeDemoFile } from './demo-file.ts'
import { findFont } from './font.ts'
import { type Publisher, startPublisher } from './publisher.ts'
import { renderScene } from './render.ts'
import { aurora } from './scenes/aurora.ts'
import { dunes } from './scenes/dunes.ts'
import { lava } from './scenes/lava.ts'
import type { Scene } from './scenes/scene.ts'
import { addressesOf, untilPlayable } from './site.ts'
import type { DemoOptions, RunningDemo } from './types.ts'
import { importVideos } from './videos.ts'

const LIVE_TIMEOUT_MS = 60_000
/** Slow machines render and package for a while the first time. */
const VIDEO_TIMEOUT_MS = 240_000
const PLACE = 'Lake Inari, ridge camera'

/**
 * Fills the site: a live stream with the time of day on it, two videos, and a second channel to publish to. Resolves
 * when all of it plays and demo.json is written.
 * @throws when something didn't come in time, or `signal` was aborted; nothing is left running then
 */
export async function startDemo(
  options: DemoOptions,
  scenes: { live: Scene; videos: readonly Scene[] } = { live: aurora, videos: [lava, dunes] },
): Promise<RunningDemo> {
  const { log, dataDir, setup, publicUrl, rtmpUrl, publicRtmpUrl } = options
  const folder = join(dataDir, 'demo')
  const ending = new AbortController()
  const signal = AbortSignal.any([options.signal, ending.signal])
  const site = { publicUrl, siteUrl: options.siteUrl, signal }
  const { linkToken, show, stage } = await setup.prepareDemo({}, { signal })
  if (!show || !stage) throw new Error('the api prepared no channels for the demo')
  const fontFile = await findFont()
  if (fontFile === null) log.warn({}, 'No font was found: the demo is shown without titles and clock')

  const film = await renderScene(scenes.live, { folder, fontFile, signal })
  const publisher = startPublisher({
    film: film.path,
    frameRate: scenes.live.frameRate,
    height: scenes.live.height,
    fontFile,
    place: PLACE,
    target: `${rtmpUrl}/${show.streamKey}`,
    log,
  })
  try {
    const importing = importVideos({
      ...options,
      folder,
      fontFile,
      channelId: show.channelId,
      scenes: scenes.videos,
      signal,
    })
    const [live, videos, next] = await Promise.all([
      playableLive(),
      importing.then((ids) => Promise.all(ids.map((id) => addressesOf(site, 'vod', id, VIDEO_TIMEOUT_MS)))),
      addressesOf(site, 'live', stage.broadcastId, LIVE_TIMEOUT_MS),
    ])
    const channel = { watch: next.watch, master: next.master }
    await writeDemoFile(dataDir, {
      url: publicUrl,
      rtmp: { url: publicRtmpUrl, key: stage.streamKey, channel },
      live,
      videos,
    })
  } catch (error) {
    await close(publisher, ending)
    throw error
  }

  async function playableLive() {
    const live = await addressesOf(site, 'live', show?.broadcastId ?? '', LIVE_TIMEOUT_MS)
    await untilPlayable(site, live.master, LIVE_TIMEOUT_MS)
    return live
  }

  const running: RunningDemo = {
    signInLink: `${publicUrl}/link?token=${linkToken}`,
    server: publicRtmpUrl,
    streamKey: stage.streamKey,
    close: () => close(publisher, ending),
  }
  return running
}

async function close(publisher: Publisher, ending: AbortController): Promise<void> {
  ending.abort()
  await publisher.close()
}
