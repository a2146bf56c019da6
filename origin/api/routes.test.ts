import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openApiDocument, publicRoutes } from './openapi.ts'
import { startApiForTests, type TestApi } from './testing/start-api.ts'

let api: TestApi
beforeAll(async () => {
  api = await startApiForTests()
})
afterAll(() => api.close())

/** The routes that pages and scripts build on. */
const PROMISED = `
GET /session · POST /session · DELETE /session · POST /session/link · POST /accounts
GET /channels/{channel} · POST /channels · PATCH /channels/{channel} · POST /channels/{channel}/stream-key
GET /channels/{channel}/live · POST /channels/{channel}/live/end
PUT /channels/{channel}/ban · DELETE /channels/{channel}/ban
GET /videos · GET /videos/{id} · PATCH /videos/{id} · DELETE /videos/{id} · POST /playback/{kind}/{id}
GET /channels/{channel}/removals · POST /channels/{channel}/removals/seen
POST /clips · GET /clips · GET /clips/{id} · PATCH /clips/{id} · DELETE /clips/{id}
POST /clips/{id}/export · GET /clips/{id}/file`
  .split(/·|\n/)
  .map((line) => line.trim())
  .filter((line) => line !== '')

function documented(): string[] {
  return Object.entries(openApiDocument().paths ?? {}).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  )
}

describe('the OpenAPI document', () => {
  test('lists every promised route and nothing else', () => {
    expect(documented().sort()).toEqual([...PROMISED].sort())
  })

  test('lists every route that answers, and every listed route answers (but playback, which the edge does)', () => {
    const answered = new Set(
      api.app.routes
        .filter(({ path, method }) => path.startsWith('/api/v1/') && method !== 'ALL')
        .map(({ path, method }) => `${method} ${path.slice('/api/v1'.length).replace(/:(\w+)/g, '{$1}')}`),
    )
    const listed = documented().filter((route) => !route.includes('/playback/'))
    expect([...answered].sort()).toEqual(listed.sort())
  })

  test('has a success, an id and a summary for every route, and 403 for those that change something', () => {
    for (const route of publicRoutes) {
      const statuses = Object.keys(route.responses)
      expect(statuses.some((status) => status.startsWith('2'))).toBe(true)
      expect(route.operationId).toMatch(/^[a-z][A-Za-z]+$/)
      expect(route.summary).toBeTruthy()
      if (route.method !== 'get') expect(statuses).toContain('403')
    }
    expect(new Set(publicRoutes.map((route) => route.operationId)).size).toBe(publicRoutes.length)
  })

  test('is served, with Swagger UI from here and no script in the page', async () => {
    const document = await fetch(`${api.url}/api/openapi.json`)
    expect(await document.json()).toEqual(JSON.parse(JSON.stringify(openApiDocument())))
    const page = await fetch(`${api.url}/api/docs`)
    const html = await page.text()
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self';")
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/)
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file)
    expect(files).toHaveLength(3)
    for (const file of files) {
      const answer = await fetch(api.url + file)
      expect(answer.status).toBe(200)
      expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(50)
    }
    expect((await fetch(`${api.url}/api/docs/package.json`)).status).toBe(404)
  })
})

test('a guest gets 401 from every route that needs a person', async () => {
  const guest = api.browser()
  const id = '01kb0000000000000000000000'
  const bodies: Record<string, unknown> = {
    createChannel: { handle: 'another', name: 'Another' },
    changeChannel: { name: 'Mine' },
    changeVideo: { title: 'Mine' },
    banChannel: { reason: 'Spam' },
    createClip: { videoId: id, lastMs: 30_000 },
    markRemovalsSeen: { until: '2026-11-22T12:00:00Z' },
  }
  const closed = publicRoutes.filter((route) => 'security' in route)
  expect(closed.length).toBeGreaterThanOrEqual(6)
  for (const route of closed) {
    const path = route.path.replace(/\{\w+\}/g, id)
    const answer = await guest.send(route.method.toUpperCase(), path, bodies[route.operationId])
    expect(answer, route.operationId).toMatchObject({
      status: 401,
      body: { type: '/problems/unauthenticated' },
    })
  }
})

describe('a problem', () => {
  test('is a problem document that names the fields at fault and the request', async () => {
    const answer = await api.browser().post('/accounts', { handle: 'A b', password: 'short' })
    expect(answer.status).toBe(400)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.body).toMatchObject({ type: '/problems/invalid-request', status: 400 })
    expect(answer.body.errors.map((error: { field: string }) => error.field)).toEqual([
      'handle',
      'email',
      'password',
    ])
    expect(answer.body.requestId).toBe(answer.headers.get('x-request-id'))
  })

  test('of a body that is no JSON, no object, too large, or not there is 4xx', async () => {
    const browser = api.browser()
    expect(await browser.post('/session', '{"login":')).toMatchObject({ status: 400 })
    expect(await browser.post('/session', [])).toMatchObject({ status: 400 })
    expect(await browser.post('/session')).toMatchObject({ status: 400 })
    const large = { login: 'x'.repeat(70_000), password: 'x' }
    expect(await browser.post('/session', large)).toMatchObject({
      status: 413,
      body: { type: '/problems/payload-too-large' },
    })
  })

  test('of an unknown page is 404 as well', async () => {
    const answer = await api.browser().get('/nothing')
    expect(answer).toMatchObject({ status: 404, body: { type: '/problems/not-found' } })
  })
})

describe('who asks', () => {
  const ask = (headers: Record<string, string>) => fetch(`${api.url}/api/v1/session`, { headers })

  test('is believed from an edge: its request id goes through to the answer', async () => {
    const answer = await ask({
      'x-streamtube-edge': 'an edge token for tests',
      'x-request-id': 'edge-made-1',
    })
    expect(answer.headers.get('x-request-id')).toBe('edge-made-1')
  })

  test('is not believed from anybody else', async () => {
    const answer = await ask({ 'x-streamtube-edge': 'forged', 'x-request-id': 'forged-1' })
    expect(answer.headers.get('x-request-id')).not.toBe('forged-1')
  })
})
