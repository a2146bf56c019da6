import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connect } from './connect.ts'
import { people } from './schema/index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'streamtube-db-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const person = {
  id: '01kb0000000000000000000000',
  handle: 'ada',
  createdAt: new Date('2026-11-22T14:00:00.123Z'),
}

test('a database in a folder keeps what was written, and has one opener at a time', async () => {
  const url = `pglite:${join(folder, 'db')}`
  const first = await connect(url)
  await first.db.insert(people).values(person)
  await expect(connect(url)).rejects.toMatchObject({ code: 'in-use' })
  await first.close()
  const second = await connect(url)
  const [found] = await second.db.select().from(people)
  expect(found).toMatchObject({ handle: 'ada', createdAt: person.createdAt })
  await second.close()
}, 120_000)

test('databases in memory share nothing', async () => {
  const [one, two] = [await connect('pglite:memory'), await connect('pglite:memory')]
  await one.db.insert(people).values(person)
  expect(await two.db.select().from(people)).toEqual([])
  await one.close()
  await two.close()
})

test('an unknown scheme names the variable to set', async () => {
  await expect(connect('mysql://x')).rejects.toThrow('DB_URL')
  await expect(connect('pglite:')).rejects.toMatchObject({ code: 'unknown-scheme' })
})
