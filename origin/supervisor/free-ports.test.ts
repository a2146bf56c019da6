import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { findFreePorts } from './free-ports.ts'

test('ports differ, and none is of those that outgoing connections take', async () => {
  const ports = await findFreePorts(20)
  expect(new Set(ports).size).toBe(20)
  expect(ports.every((port) => port >= 20_000 && port < 32_768)).toBe(true)
})

test('a port that is taken is passed over, also one that was just found; without any other it is an error', async () => {
  const holder = createServer().listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port: taken } = holder.address() as AddressInfo
  const [free = 0, other = 0] = await findFreePorts(2)
  const tries = [taken, free, free, other]
  expect(await findFreePorts(2, () => tries.shift() ?? taken)).toEqual([free, other])
  await expect(findFreePorts(1, () => taken)).rejects.toMatchObject({ code: 'EADDRINUSE' })
  holder.close()
})
