/**
 * Runs on Deno: a server with two routes that do nothing, told apart by the end of the address: one gives a part's
 * answer, headers and bytes, out of hand; one answers with nothing. Prints its port.
 */

declare const Deno: {
  args: string[]
  serve(options: object, handler: (request: Request) => Response): { addr: { port: number } }
}

const bytes = new Uint8Array(Number(Deno.args[0])).fill(120)
const headers: [string, string][] = [
  ['access-control-allow-origin', '*'],
  ['content-type', 'video/mp4'],
  ['cache-control', 'public, max-age=31536000, immutable'],
]
const options = { hostname: '127.0.0.1', port: 0, automaticCompression: true, onListen() {} }
const server = Deno.serve(options, ({ url }) =>
  url.endsWith('.m4s') ? new Response(bytes, { headers }) : new Response(),
)
console.log(JSON.stringify({ port: server.addr.port }))
