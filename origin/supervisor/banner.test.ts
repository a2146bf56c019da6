import { expect, test } from 'vitest'
import { banner } from './banner.ts'

const url = 'http://localhost:8080'

test('the first start names the site and the link that makes its owner', () => {
  const text = banner({ url, setupLink: `${url}/setup?token=once`, startMs: 4210 }, false)
  expect(text).toContain('ready after 4.2 s')
  expect(text).toContain(`Site         ${url}\n`)
  expect(text).toContain(`First person ${url}/setup?token=once\n`)
})

test('a site that has people shows no link to make one', () => {
  expect(banner({ url, startMs: 1 }, false)).not.toContain('token')
})

test('the demo shows how to sign in, what OBS wants to know, and a command to paste', () => {
  const demo = { signInLink: `${url}/link?token=once`, server: 'rtmp://localhost:1935/live', key: 'st_key' }
  const text = banner({ url, demo, startMs: 1 }, false)
  expect(text).toContain('OBS server   rtmp://localhost:1935/live\n')
  expect(text).toContain('Stream key   st_key\n')
  expect(text).toMatch(/^ {2}ffmpeg .* -f flv rtmp:\/\/localhost:1935\/live\/st_key$/m)
})

test('colours are for terminals alone', () => {
  expect(banner({ url, startMs: 1 }, false)).not.toContain('\u001b')
})
