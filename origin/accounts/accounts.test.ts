import { schema } from '@streamtube/db/index.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'
import { tokenHash } from '../tokens.ts'
import { MAX_GUESSES_PER_ACCOUNT, MAX_GUESSES_PER_ADDRESS } from './guesses.ts'
import { createLink } from './links.ts'
import { createPasswords } from './password.ts'

const DAY_MS = 24 * 3600 * 1000

let api: TestApi
beforeAll(async () => {
  api = await startApiForTests()
})
afterAll(() => api.close())

const ada = { handle: 'ada', email: 'Ada@Example.org', password: 'correct horse' }

describe('the first account', () => {
  test('is made by the link from the start only, and of several who use links at once one makes it', async () => {
    const guest = api.browser()
    expect((await guest.get('/session')).body).toEqual({ person: null, channels: [], setupNeeded: true })
    expect(await guest.post('/accounts', ada)).toMatchObject({
      status: 403,
      body: { type: '/problems/registration-closed' },
    })
    expect(await guest.post('/accounts', { ...ada, setupToken: 'made up' })).toMatchObject({
      status: 410,
      body: { type: '/problems/link-expired' },
    })

    const [one, two] = [await api.setupLink(), await api.setupLink()]
    const answers = await Promise.all(
      [one, one, two, two].map((setupToken, i) =>
        api
          .browser()
          .post('/accounts', { ...ada, handle: `ada${i}`, email: `ada${i}@example.org`, setupToken }),
      ),
    )
    expect(answers.filter((answer) => answer.status === 201)).toHaveLength(1)
    expect(answers.filter((answer) => answer.status === 410)).toHaveLength(3)
    expect((await guest.get('/session')).body.setupNeeded).toBe(false)
    expect((await api.setup.createSetupLink({})).needed).toBe(false)
  })
})

describe('signing up', () => {
  test('makes a person and a channel of the same name, and signs in', async () => {
    const browser = api.browser()
    const answer = await browser.post('/accounts', ada)
    expect(answer).toMatchObject({
      status: 201,
      body: {
        person: { handle: 'ada', email: 'ada@example.org' },
        channels: [{ handle: 'ada', name: 'ada', streamKey: null, ladder: 'auto' }],
        setupNeeded: false,
      },
    })
    expect((await browser.get('/session')).body).toEqual(answer.body)
    const cookie = answer.headers.getSetCookie()[0] ?? ''
    expect(cookie).toMatch(/^session=[\w-]{43}; /)
    expect(cookie).toMatch(/; HttpOnly/)
    expect(cookie).toMatch(/; SameSite=Lax/)
    expect(cookie).toMatch(/; Path=\//)
    expect(cookie).not.toMatch(/Domain/)
  })

  test.each([
    ['handle', { handle: 'ada', email: 'new@example.org' }, 409, 'handle-taken'],
    ['email', { handle: 'lovelace', email: 'ADA@example.org' }, 409, 'email-taken'],
    ['handle', { handle: 'watch', email: 'new@example.org' }, 400, 'invalid-request'],
    ['handle', { handle: '01kb0000000000000000000000', email: 'new@example.org' }, 400, 'invalid-request'],
    ['handle', { handle: 'Ada', email: 'new@example.org' }, 400, 'invalid-request'],
    ['email', { handle: 'lovelace', email: 'not an address' }, 400, 'invalid-request'],
  ])('names the %s when it cannot be %o', async (field, given, status, code) => {
    const answer = await api.browser().post('/accounts', { ...ada, ...given })
    expect(answer).toMatchObject({ status, body: { type: `/problems/${code}`, errors: [{ field }] } })
  })

  test('leaves nothing behind when it fails', async () => {
    await signUp(api)
    const { browser } = await signUp(api)
    await browser.post('/channels', { handle: 'taken-channel', name: 'Taken' })
    const taken = await api
      .browser()
      .post('/accounts', { ...ada, handle: 'taken-channel', email: 'tc@example.org' })
    expect(taken.status).toBe(409)
    const free = await api
      .browser()
      .post('/accounts', { ...ada, handle: 'taken-not', email: 'tc@example.org' })
    expect(free.status).toBe(201)
  })
})

describe('signing in', () => {
  test('works with handle or e-mail address, in any case of letters', async () => {
    for (const login of ['ada', 'ADA', 'ada@example.org', ' Ada@Example.org ']) {
      const answer = await api.browser().post('/session', { login, password: ada.password })
      expect(answer).toMatchObject({ status: 200, body: { person: { handle: 'ada' } } })
    }
  })

  test('answers the same to an unknown login and a wrong password', async () => {
    const unknown = await api.browser().post('/session', { login: 'nobody', password: 'x' })
    const wrong = await api.browser().post('/session', { login: 'ada', password: 'x' })
    expect(unknown.status).toBe(401)
    const { requestId: a, ...first } = unknown.body
    const { requestId: b, ...second } = wrong.body
    expect(a).not.toBe(b)
    expect(first).toEqual(second)
  })

  test('gives a new session and ends the one before; only the hash of it is kept', async () => {
    const browser = api.browser()
    await browser.post('/session', { login: 'ada', password: ada.password })
    const before = browser.cookie ?? ''
    await browser.post('/session', { login: 'ada', password: ada.password })
    expect(browser.cookie).not.toBe(before)
    const old = api.browser()
    old.cookie = before
    expect((await old.get('/session')).body.person).toBeNull()
    const kept = await api.library.db.select().from(schema.sessions)
    expect(kept.some((row) => row.tokenHash === tokenHash(browser.cookie ?? ''))).toBe(true)
    expect(JSON.stringify(kept)).not.toContain(browser.cookie)
  })

  test('is over after signing out', async () => {
    const browser = api.browser()
    await browser.post('/session', { login: 'ada', password: ada.password })
    const token = browser.cookie
    expect((await browser.delete('/session')).status).toBe(204)
    expect(browser.cookie).toBeUndefined()
    browser.cookie = token
    expect((await browser.get('/session')).body.person).toBeNull()
  })

  test('from another site is refused', async () => {
    const headers = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }
    const answer = await api
      .browser()
      .send('POST', '/session', { login: 'ada', password: ada.password }, headers)
    expect(answer).toMatchObject({ status: 403, body: { type: '/problems/csrf' } })
    const page = { origin: 'http://localhost:8080' }
    const own = await api.browser().send('POST', '/session', { login: 'ada', password: ada.password }, page)
    expect(own.status).toBe(200)
  })
})

describe('guessing', () => {
  test('one account from many addresses is slowed down, and others can still sign in', async () => {
    const victim = await signUp(api)
    const guess = { login: victim.handle, password: 'a guess' }
    for (let i = 0; i < MAX_GUESSES_PER_ACCOUNT; i++) {
      expect((await api.browser().post('/session', guess)).status).toBe(401)
    }
    const refused = await api.browser().post('/session', { ...guess, login: `${victim.handle}@example.org` })
    expect(refused).toMatchObject({ status: 429, body: { type: '/problems/too-many-attempts' } })
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await api.browser().post('/session', { login: 'ada', password: ada.password })).status).toBe(200)
  })

  test('many accounts from one address is slowed down, for that address', async () => {
    const guesser = api.browser('2001:db8::1')
    for (let i = 0; i < MAX_GUESSES_PER_ADDRESS; i++)
      await guesser.post('/session/link', { token: `guess${i}` })
    const neighbour = api.browser('2001:db8::ffff')
    const login = { login: 'ada', password: ada.password }
    expect((await neighbour.post('/session', login)).status).toBe(429)
    expect((await neighbour.post('/session/link', { token: 'x' })).status).toBe(429)
    expect((await api.browser('2001:db8:0:1::1').post('/session', login)).status).toBe(200)
  })

  test('right passwords are not held against anybody', async () => {
    const browser = api.browser()
    const login = { login: 'ada', password: ada.password }
    for (let i = 0; i < MAX_GUESSES_PER_ACCOUNT + 2; i++) {
      expect((await browser.post('/session', login)).status).toBe(200)
    }
  })
})

describe('a one-time link', () => {
  test('signs in once, however many try at the same time', async () => {
    const { handle } = await signUp(api)
    const [person] = (await api.library.db.select().from(schema.people)).filter(
      (row) => row.handle === handle,
    )
    const link = () =>
      createLink(api.library.db, { purpose: 'sign-in', personId: person?.id ?? '', nowMs: api.now() })
    const token = await link()
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => api.browser().post('/session/link', { token })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 410)).toHaveLength(4)
    const late = await link()
    api.pass(DAY_MS + 1000)
    expect((await api.browser().post('/session/link', { token: late })).status).toBe(410)
  })
})

describe('a session', () => {
  test('ends after 30 days without use', async () => {
    const { browser } = await signUp(api)
    api.pass(31 * DAY_MS)
    expect((await browser.get('/session')).body.person).toBeNull()
  })

  test('ends after 90 days, however much it is used', async () => {
    const { browser } = await signUp(api)
    for (let day = 0; day < 89; day += 29) {
      expect((await browser.get('/session')).body.person).not.toBeNull()
      api.pass(29 * DAY_MS)
    }
    api.pass(5 * DAY_MS)
    expect((await browser.get('/session')).body.person).toBeNull()
  })
})

test('signing in is in the audit log, with the person, and without a password', async () => {
  const { handle } = await signUp(api)
  await api.browser().post('/session', { login: handle, password: 'wrong' })
  await api.audit.drain()
  const { items } = await api.docs.find('audit', { equals: { action: 'sign-in.refused' } }, { order: 'desc' })
  expect(items[0]?.body).toMatchObject({ personId: expect.any(String), address: expect.any(String) })
  expect(JSON.stringify(items)).not.toContain('wrong')
})

test('passwords are kept as argon2id of 19 MiB, two passes, one lane', async () => {
  const passwords = await createPasswords()
  const phc = await passwords.hash('correct horse')
  expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
  expect(await passwords.matches('correct horse', phc)).toBe(true)
  expect(await passwords.matches('wrong horse', phc)).toBe(false)
  expect(await passwords.matches('nobody has this password', null)).toBe(false)
})
