import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { HttpConnection } from './http-connection.ts'

const open: { close(): void }[] = []
afterEach(() => {
  for (const each of open.splice(0)) each.close()
})

/** A connection to a server that does this with each request. */
async function connected(onRequest: (socket: Socket, request: string) => void): Promise<HttpConnection> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('data', (bytes) => onRequest(socket, bytes.toString()))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const connection = new HttpConnection((server.address() as AddressInfo).port)
  const close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  open.push(connection, { close })
  return connection
}

test('answers come whole, however they are cut on their way', async () => {
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nfoobar'
  let cut = 0
  const connection = await connected((socket) => {
    socket.write(answer.slice(0, cut), () => setImmediate(() => socket.write(answer.slice(cut))))
  })
  for (cut = 1; cut < answer.length; cut++) {
    expect((await connection.read('/')).body.toString()).toBe('foobar')
  }
})

test('a refusal, an answer of unknown length and a connection that breaks are errors, without the token', async () => {
  const connection = await connected((socket, request) => {
    if (request.includes('/missing')) socket.write('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n')
    else if (request.includes('/endless')) socket.write('HTTP/1.1 200 OK\r\n\r\n')
    else socket.destroy()
  })
  await expect(connection.read('/p/secret/missing')).rejects.toThrow('404 for /p/-/missing')
  await expect(connection.read('/endless')).rejects.toThrow('how long')
  await expect(connection.read('/again')).rejects.toThrow('closed')
})

test('a connection that the server closes fails its reader', async () => {
  const connection = await connected((socket) => socket.destroy())
  await expect(connection.read('/')).rejects.toThrow()
})
