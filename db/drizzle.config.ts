import { defineConfig } from 'drizzle-kit'

/** `drizzle-kit generate` (from db/) writes the next migration after a change of the schema. */
export default defineConfig({
  dialect: 'postgresql',
  schema: './schema/index.ts',
  out: './migrations',
})
