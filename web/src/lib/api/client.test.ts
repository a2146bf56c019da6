import { describe, expect, it } from 'vitest'
import { ApiError, answer, createApi } from './client.ts'

const api = (respond: () => Response | Promise<Response>) =>
  createApi(async () => respond(), 'https://tube.example')
const caught = (call: Promise<unknown>) =>
  call.then(
    () => null,
    (error: unknown) => error as ApiError,
  )

describe('an answer of the API', () => {
  it('is its data', async () => {
    const session = { person: null, channels: [], setupNeeded: true }
    expect(await answer(api(() => Response.json(session)).GET('/session'))).toEqual(session)
  })

  it('that is a problem is thrown with its code and its fields', async () => {
    const problem = {
      type: '/problems/handle-taken',
      title: 'Taken',
      status: 409,
      errors: [{ field: 'handle', message: 'is taken' }],
    }
    const error = await caught(answer(api(() => Response.json(problem, { status: 409 })).GET('/session')))
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ code: 'handle-taken', status: 409 })
    expect(error?.field('handle')).toBe('is taken')
    expect(error?.field('email')).toBeUndefined()
  })

  it('that is no problem document still has a code', async () => {
    const html = () =>
      new Response('<h1>Bad gateway</h1>', { status: 502, headers: { 'content-type': 'text/html' } })
    expect(await caught(answer(api(html).GET('/session')))).toMatchObject({
      code: 'unreachable',
      status: 502,
    })
  })

  it('that never comes is "unreachable"', async () => {
    const refused = () => Promise.reject(new TypeError('fetch failed'))
    expect(await caught(answer(api(refused).GET('/session')))).toMatchObject({
      code: 'unreachable',
      status: 0,
    })
  })
})
