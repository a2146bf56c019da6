import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { connect } from './connect.ts'
import { people } from './schema/index.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'streamtube-db-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

const person = {
  id: '01kb0000000000000000000000',
  handle: 'ada',
  createdAt: new Date('2026-11-22T14:00:00.123Z'),
}

describe('a database in a folder', () => {
  test('keeps what was written, refuses a second opener with the pid, and takes over from a dead one', async () => {
    const url = `pglite:${join(folder, 'db')}`
    const first = await connect(url)
    await first.db.insert(people).values(person)
    await expect(connect(url)).rejects.toMatchObject({
      code: 'in-use',
      message: expect.stringContaining(`process ${process.pid};`),
    })
    await first.close()
    expect(existsSync(join(folder, 'db.lock'))).toBe(false)

    const gone = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => gone.once('exit', resolve))
    await writeFile(join(folder, 'db.lock'), JSON.stringify({ pid: gone.pid, startedAtTicks: '1' }))
    const second = await connect(url)
    const [found] = await second.db.select().from(people)
    expect(found).toMatchObject({ handle: 'ada', createdAt: person.createdAt })
    await second.close()
  })

  test('takes over when the pid now belongs to another process, and from a lock file cut off in writing', async () => {
    const url = `pglite:${join(folder, 'other')}`
    await writeFile(join(folder, 'other.lock'), JSON.stringify({ pid: process.pid, startedAtTicks: '1' }))
    await (await connect(url)).close()
    await writeFile(join(folder, 'other.lock'), '{"pi')
    await (await connect(url)).close()
  })
})

test('an unknown scheme names the variable to set', async () => {
  await expect(connect('mysql://x')).rejects.toThrow('DB_URL')
  await expect(connect('pglite:')).rejects.toMatchObject({ code: 'unknown-scheme' })
})
