import { createRoute } from '@hono/zod-openapi'
import { linkSignInSchema, signInSchema, signUpSchema } from '@streamtube/contracts/api/requests.ts'
import { sessionSchema } from '@streamtube/contracts/api/resources.ts'
import { jsonAnswer, jsonBody, problemAnswers } from '../http/route.ts'

const tags = ['accounts']

export const getSession = createRoute({
  method: 'get',
  path: '/session',
  operationId: 'getSession',
  summary: 'Who am I',
  tags,
  responses: { 200: jsonAnswer('The signed-in person and their channels, or a guest', sessionSchema) },
})

export const signIn = createRoute({
  method: 'post',
  path: '/session',
  operationId: 'signIn',
  summary: 'Sign in with handle or e-mail and password',
  tags,
  request: { body: jsonBody(signInSchema) },
  responses: {
    200: jsonAnswer('Signed in; the session cookie is set', sessionSchema),
    ...problemAnswers(400, 401, 403, 429),
  },
})

export const signOut = createRoute({
  method: 'delete',
  path: '/session',
  operationId: 'signOut',
  summary: 'Sign out',
  tags,
  responses: { 204: { description: 'Signed out' }, ...problemAnswers(403) },
})

export const signInByLink = createRoute({
  method: 'post',
  path: '/session/link',
  operationId: 'signInByLink',
  summary: 'Sign in with a one-time link',
  tags,
  request: { body: jsonBody(linkSignInSchema) },
  responses: {
    200: jsonAnswer('Signed in; the session cookie is set', sessionSchema),
    ...problemAnswers(400, 403, 410, 429),
  },
})

export const signUp = createRoute({
  method: 'post',
  path: '/accounts',
  operationId: 'signUp',
  summary: 'Make an account and its first channel',
  tags,
  request: { body: jsonBody(signUpSchema) },
  responses: {
    201: jsonAnswer('Signed up and in; the session cookie is set', sessionSchema),
    ...problemAnswers(400, 403, 409, 410, 429),
  },
})

export const accountRoutes = [getSession, signIn, signOut, signInByLink, signUp]
