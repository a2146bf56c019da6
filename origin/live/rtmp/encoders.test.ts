import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { quietLog, testMetrics } from '../../../test/support/origin-parts.ts'
import { KeepingDesk, type KeptPublication } from '../../../test/support/publish-desk.ts'
import { makeSource, startPublisher } from '../../../test/support/publisher.ts'
import { sourceEventOf } from '../../media/flv/source.ts'
import { rtmpMetrics } from './metrics.ts'
import { type RtmpServer, startRtmpServer } from './server.ts'

const folder = mkdtempSync(join(tmpdir(), 'streamtube-encoders-'))
const desk = new KeepingDesk()
let server: RtmpServer
let source: string

beforeAll(async () => {
  const metrics = rtmpMetrics(testMetrics().metrics)
  server = await startRtmpServer({ host: '127.0.0.1', port: 0, desk, metrics, log: quietLog })
  source = await makeSource(folder, { seconds: 2, width: 320, height: 180 })
})

afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Video frames and audio frames of a publication, by what their tags hold. */
function counts(publication: KeptPublication) {
  const events = publication.tags.map((tag) => sourceEventOf(tag, 0))
  const samples = (kind: string) =>
    events.filter((event) => event?.type === 'sample' && event.kind === kind).length
  return { video: samples('video'), audio: samples('audio') }
}

test('ffmpeg publishes with the key in the address, whole and in order', async () => {
  const publisher = startPublisher(source, `rtmp://127.0.0.1:${server.port}/live/whole`, { loop: false })
  const publication = await desk.publication('whole')
  await publisher.ended
  expect(await publication.closed).toBe('finished')
  expect(counts(publication)).toMatchObject({ video: 60 })
  expect(counts(publication).audio).toBeGreaterThan(90)
})

test('ffmpeg publishes with application and key apart', async () => {
  const output = ['-rtmp_app', 'live', '-rtmp_playpath', 'apart']
  const publisher = startPublisher(source, `rtmp://127.0.0.1:${server.port}`, { loop: false, output })
  expect(await (await desk.publication('apart')).closed).toBe('finished')
  await publisher.ended
})

test('ffmpeg is told that its key is bad', async () => {
  const publisher = startPublisher(source, `rtmp://127.0.0.1:${server.port}/live/bad`)
  await expect(publisher.ended).rejects.toMatchObject({
    stderr: expect.stringContaining('The stream key is not valid'),
  })
})

const hasGstreamer = spawnSync('gst-inspect-1.0', ['rtmp2sink'], { stdio: 'ignore' }).status === 0

test.runIf(hasGstreamer)("gstreamer's rtmp2sink publishes", async () => {
  const location = `rtmp://127.0.0.1:${server.port}/live/gst`
  const play = `filesrc location=${source} ! flvdemux name=d flvmux name=m streamable=true ! rtmp2sink location=${location} d.video ! queue ! h264parse ! m. d.audio ! queue ! aacparse ! m.`
  const gst = spawn('gst-launch-1.0', play.split(' '), { stdio: 'ignore' })
  const publication = await desk.publication('gst')
  const [code] = await once(gst, 'exit')
  expect(code).toBe(0)
  expect(['finished', 'peer-closed']).toContain(await publication.closed)
  expect(counts(publication).video).toBe(60)
})
