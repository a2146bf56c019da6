import { newId } from '@streamtube/contracts/ids.ts'
import { schema } from '@streamtube/db/index.ts'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { signUp } from '../api/testing/people.ts'
import { startApiForTests, type TestApi } from '../api/testing/start-api.ts'

/** The hashes that passwords are compared with: what a wrong login costs, and how long it takes. */
const compared = vi.hoisted((): string[] => [])
vi.mock('@node-rs/argon2', async (load) => {
  const real = await load<typeof import('@node-rs/argon2')>()
  const verify: typeof real.verify = (hashed, ...rest) => {
    compared.push(String(hashed))
    return real.verify(hashed, ...rest)
  }
  return { ...real, verify }
})

let api: TestApi
let handle: string
beforeAll(async () => {
  api = await startApiForTests()
  handle = (await signUp(api)).handle
  const person = { id: newId(), handle: 'by-link', email: null, passwordHash: null, createdAt: new Date() }
  await api.library.db.insert(schema.people).values(person)
})
afterAll(() => api.close())
beforeEach(() => {
  compared.length = 0
})

test('a login that nobody has costs what a wrong password costs, so that no answer tells who has an account', async () => {
  const kinds = new Set<string>()
  for (const login of [handle, 'nobody-here', 'nobody@example.org', 'by-link']) {
    const answer = await api.browser().post('/session', { login, password: 'nobody has this password' })
    expect(answer).toMatchObject({ status: 401, body: { type: '/problems/wrong-credentials' } })
    expect(compared, login).toHaveLength(1)
    kinds.add(compared[0]?.split('$').slice(1, 4).join(' ') ?? '')
    compared.length = 0
  }
  expect([...kinds]).toEqual(['argon2id v=19 m=19456,t=2,p=1'])
})
