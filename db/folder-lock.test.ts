import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lockFolder } from './folder-lock.ts'

let folder: string
beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'streamtube-lock-')), 'db')
})
afterAll(() => rm(join(folder, '..'), { recursive: true, force: true }))

async function pidOfTheDead(): Promise<number> {
  const child = spawn(process.execPath, ['-e', ''])
  await new Promise((resolve) => child.once('exit', resolve))
  return child.pid ?? 0
}

describe('a folder in use', () => {
  test('is refused with the pid of whoever has it, until they let it go', () => {
    const lock = lockFolder(folder)
    expect(() => lockFolder(folder)).toThrow(`process ${process.pid};`)
    lock.release()
    expect(existsSync(`${folder}.lock`)).toBe(false)
    lockFolder(folder).release()
  })

  test.each([
    ['a process that is gone', async () => ({ pid: await pidOfTheDead(), startedAtTicks: '1' })],
    ['one whose pid another process has now', async () => ({ pid: process.pid, startedAtTicks: '1' })],
  ])('is taken over from %s', async (_, holder) => {
    await writeFile(`${folder}.lock`, JSON.stringify(await holder()))
    lockFolder(folder).release()
  })

  test.each(['', '{"pi', '[]', '{"pid":"x"}', '{"pid":-1}'])(
    'is taken over when its lock says %j',
    async (text) => {
      await writeFile(`${folder}.lock`, text)
      lockFolder(folder).release()
    },
  )
})
