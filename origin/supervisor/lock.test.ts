import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LockError, takeLock } from './lock.ts'
import { identify } from './process-identity.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'streamtube-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const lockFile = () => join(folder, 'lock.json')

test('a second start is refused with the pid of the first', () => {
  takeLock(folder)
  expect(() => takeLock(folder)).toThrow(LockError)
  expect(() => takeLock(folder)).toThrow(String(process.pid))
})

test('a start after a clean stop finds the folder free', () => {
  takeLock(folder).release()
  expect(existsSync(lockFile())).toBe(false)
  expect(takeLock(folder).leftovers).toEqual([])
})

test('the lock of a killed process is taken over, with the children that it left behind', async () => {
  const owner = spawn('sleep', ['60'])
  const child = spawn('sleep', ['60'])
  await Promise.all([once(owner, 'spawn'), once(child, 'spawn')])
  takeLock(folder, owner.pid).noteChildren([child.pid ?? 0])
  expect(() => takeLock(folder)).toThrow(String(owner.pid))

  owner.kill('SIGKILL')
  await once(owner, 'close')
  expect(takeLock(folder).leftovers).toEqual([identify(child.pid ?? 0)])
  child.kill('SIGKILL')
  await once(child, 'close')
})

test('another process that got the same pid since does not hold the lock', () => {
  writeFileSync(
    lockFile(),
    JSON.stringify({ owner: { pid: process.pid, startedAt: 'long ago' }, children: [] }),
  )
  expect(() => takeLock(folder)).not.toThrow()
})

test('a lock file that was cut short by a crash is nobody’s', () => {
  writeFileSync(lockFile(), '{"owner":')
  takeLock(folder)
  expect(JSON.parse(readFileSync(lockFile(), 'utf8')).owner.pid).toBe(process.pid)
})
