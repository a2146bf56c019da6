import { CLIENT_ADDRESS_HEADER, EDGE_TOKEN_HEADER } from '@streamtube/contracts/headers.ts'

/** An answer of the API, its body read. */
export interface Answer {
  status: number
  headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies whose shape is what they are about
  body: any
}

let browsers = 0

/** What a browser behind the edge is to the api: keeps cookies, says where its requests come from, has an address. */
export class Browser {
  readonly #base: string
  readonly #edgeToken: string
  readonly address: string
  #cookies = new Map<string, string>()

  constructor(base: string, edgeToken: string, address?: string) {
    browsers++
    this.#base = base
    this.#edgeToken = edgeToken
    this.address = address ?? `198.51.${browsers >> 8}.${browsers & 255}`
  }

  get cookie(): string | undefined {
    return this.#cookies.get('session')
  }
  set cookie(value: string | undefined) {
    if (value === undefined) this.#cookies.delete('session')
    else this.#cookies.set('session', value)
  }

  get(path: string): Promise<Answer> {
    return this.send('GET', path)
  }
  post(path: string, body?: unknown): Promise<Answer> {
    return this.send('POST', path, body)
  }
  patch(path: string, body: unknown): Promise<Answer> {
    return this.send('PATCH', path, body)
  }
  delete(path: string): Promise<Answer> {
    return this.send('DELETE', path)
  }

  async send(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = { 'sec-fetch-site': 'same-origin' },
  ): Promise<Answer> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const response = await fetch(`${this.#base}/api/v1${path}`, {
      method,
      headers: {
        [EDGE_TOKEN_HEADER]: this.#edgeToken,
        [CLIENT_ADDRESS_HEADER]: this.address,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(cookie !== '' && { cookie }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) }
  }

  #keep(line: string): void {
    const [, name = '', value = ''] = /^([^=;]+)=([^;]*)/.exec(line) ?? []
    if (value === '' || /max-age=0/i.test(line)) this.#cookies.delete(name)
    else this.#cookies.set(name, value)
  }
}
