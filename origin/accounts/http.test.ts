import { OpenAPIHono } from '@hono/zod-openapi'
import { describe, expect, test } from 'vitest'
import type { ApiEnv } from '../http/context.ts'
import { createSessionCookie } from './http.ts'

describe('the session cookie', () => {
  const write = async (publicUrl: string) => {
    const cookie = createSessionCookie(publicUrl)
    const app = new OpenAPIHono<ApiEnv>()
    app.get('/', (c) => {
      cookie.write(c, 'value')
      return c.text('')
    })
    return (await app.request('/')).headers.getSetCookie()[0] ?? ''
  }

  test('is bound to this host and to https where the site is https', async () => {
    const line = await write('https://tube.example')
    expect(line).toMatch(/^__Host-session=value; /)
    expect(line).toMatch(/; Secure/)
    expect(line).toMatch(/Max-Age=7776000/)
  })

  test('works without https on localhost', async () => {
    const line = await write('http://localhost:8080')
    expect(line).toMatch(/^session=value; /)
    expect(line).not.toMatch(/Secure/)
  })
})
