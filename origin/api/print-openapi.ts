import { openApiDocument } from './openapi.ts'

// `node origin/api/print-openapi.ts`: the document on stdout, for the generator of the web's client.
process.stdout.write(`${JSON.stringify(openApiDocument(), null, 2)}\n`)
