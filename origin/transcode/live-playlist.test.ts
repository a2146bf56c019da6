import { describe, expect, it } from 'vitest'
import { bestVariant, newestPicture } from './live-playlist.ts'

const lines = (...text: string[]) => `${text.join('\n')}\n`

describe('what a worker reads of a playlist', () => {
  it('the widest variant', () => {
    const master = lines(
      '#EXTM3U',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",URI="audio.m3u8"',
      '#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=9000000,BANDWIDTH=800000,CODECS="avc1.64001f,mp4a.40.2"',
      '480p30.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=2600000,CODECS="avc1.64001f,mp4a.40.2"',
      'source.m3u8',
      '#EXT-X-STREAM-INF:BANDWIDTH=1600000',
      '720p30.m3u8',
    )
    expect(bestVariant(master)).toBe('source.m3u8')
    expect(bestVariant('#EXTM3U\n')).toBeNull()
    expect(bestVariant('')).toBeNull()
  })

  it('the newest part that begins with a key frame, of a segment that is not finished, too', () => {
    const playlist = lines(
      '#EXTM3U',
      '#EXT-X-MAP:URI="../1/init.mp4"',
      '#EXTINF:2.0,',
      's1.m4s',
      '#EXT-X-PART:DURATION=0.2,URI="p1.m4s",INDEPENDENT=YES',
      '#EXT-X-PART:DURATION=0.2,URI="p2.m4s"',
      '#EXTINF:2.0,',
      's2.m4s',
      '#EXT-X-PART:DURATION=0.2,INDEPENDENT=YES,URI="p3.m4s"',
      '#EXT-X-PART:DURATION=0.2,URI="p4.m4s"',
      '#EXT-X-PART:DURATION=0.2,URI="p5.m4s",INDEPENDENT=YES,GAP=YES',
      '#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p6.m4s"',
    )
    expect(newestPicture(playlist)).toEqual({ init: '../1/init.mp4', media: 'p3.m4s' })
    expect(newestPicture(lines('#EXT-X-MAP:URI="i"', '#EXT-X-PART:URI="p",INDEPENDENT=YES'))).toEqual({
      init: 'i',
      media: 'p',
    })
  })

  it('the newest whole segment where no part is one, with the header of its epoch, and no gap', () => {
    const playlist = lines(
      '#EXT-X-MAP:URI="1/init.mp4"',
      's1.m4s',
      '#EXT-X-DISCONTINUITY',
      '#EXT-X-MAP:URI="2/init.mp4"',
      's2.m4s',
      '#EXT-X-GAP',
      's3.m4s',
      '#EXT-X-PART:DURATION=0.2,URI="p3.m4s"',
    )
    expect(newestPicture(playlist)).toEqual({ init: '2/init.mp4', media: 's2.m4s' })
    expect(newestPicture(lines('#EXT-X-MAP:URI="1/init.mp4"', '#EXT-X-GAP', 's3.m4s'))).toBeNull()
    expect(newestPicture(lines('s1.m4s'))).toBeNull()
    expect(newestPicture('')).toBeNull()
  })
})
