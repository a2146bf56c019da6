import { readFile } from 'node:fs/promises'
import type { Hono } from 'hono'
import type { ApiEnv } from '../http/context.ts'
import { notFound } from '../http/errors.ts'
import { openApiDocument } from './openapi.ts'

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>StreamTube API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
`

const start = `SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#swagger-ui', deepLinking: true })
`

const FILES = new Map([
  ['swagger-ui.css', 'text/css; charset=utf-8'],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
])

/** No script but the files below; Swagger UI sets styles from script and holds its icons as data. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** Serves the OpenAPI document and Swagger UI, all from here. */
export function mountDocs(app: Hono<ApiEnv>): void {
  const document = openApiDocument()
  app.get('/api/openapi.json', (c) => c.json(document, 200, { 'cache-control': 'no-cache' }))
  app.get('/api/docs', (c) => c.html(page, 200, { 'content-security-policy': POLICY }))
  app.get('/api/docs/start.js', (c) =>
    c.body(start, 200, { 'content-type': 'text/javascript; charset=utf-8' }),
  )
  app.get('/api/docs/:file', async (c) => {
    const file = c.req.param('file')
    const type = FILES.get(file)
    if (type === undefined) throw notFound('file')
    const bytes = await readFile(new URL(file, import.meta.resolve('swagger-ui-dist/package.json')))
    return c.body(bytes, 200, { 'content-type': type, 'cache-control': 'public, max-age=86400' })
  })
}
