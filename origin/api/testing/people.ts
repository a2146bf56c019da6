import { expect } from 'vitest'
import type { Browser } from './browser.ts'
import type { TestApi } from './start-api.ts'

let people = 0

/** A person who has just signed up. */
export interface Creator {
  browser: Browser
  handle: string
  channelId: string
}

/** Signs someone new up, with the set-up link where the first account needs it. */
export async function signUp(api: TestApi): Promise<Creator> {
  people++
  const handle = `creator${people}`
  const browser = api.browser()
  const needed = (await browser.get('/session')).body.setupNeeded
  const answer = await browser.post('/accounts', {
    handle,
    email: `${handle}@example.org`,
    password: 'correct horse',
    ...(needed && { setupToken: await api.setupLink() }),
  })
  expect(answer).toMatchObject({ status: 201 })
  return { browser, handle, channelId: answer.body.channels[0].id }
}
