import { afterAll, afterEach } from 'vitest'
import { lintRegistry } from './lint-registry.ts'

// For every end-to-end test (vitest.config.ts): a playlist that breaks a rule fails the test in which it came (MEDIA 15).

async function expectNoComplaint(): Promise<void> {
  const complaints = await lintRegistry.take()
  if (complaints.length === 0) return
  const [shown, more] = [complaints.slice(0, 8), complaints.length - 8]
  throw new Error([...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n\n'))
}

afterEach(expectNoComplaint)
// What came when the last test was over already. Setup's hooks are the outermost: everything is closed by then.
afterAll(expectNoComplaint)
