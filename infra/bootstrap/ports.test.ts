import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { explainPort, listeningInodes, tryPort } from './ports.mjs'

test('a busy port is named with the process that holds it and another port to try', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  const error = await tryPort(port, '127.0.0.1')
  expect(error?.code).toBe('EADDRINUSE')
  const message = await explainPort('PORT', port, error as NodeJS.ErrnoException)
  expect(message).toContain(`Port ${port} is taken by process ${process.pid}`)
  expect(message).toContain(`PORT=${port + 1} npm start`)
})

test('only listening sockets on that very port count', () => {
  const table = [
    '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
    '   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1',
    '   1: 0100007F:1F90 0100007F:8000 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1',
    '   2: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4713 1',
  ].join('\n')
  expect(listeningInodes(table, 8080)).toEqual(['4711'])
})
