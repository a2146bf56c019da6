import { defineConfig } from 'vitest/config'

/**
 * Three projects: `unit` (fast, in parallel), `house` (rules on the repository itself), then, alone on the machine,
 * `e2e` (real processes, a real browser, one file at a time). A test that fails is tried once more, for machines that
 * stand still for seconds; the report names those that needed it ("retry x1"): each is a race to be found.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{edge,origin,db,infra}/**/*.test.ts',
            'web/src/**/*.test.ts',
            'test/support/**/*.test.ts',
            'test/fuzz/**/*.test.ts',
          ],
          testTimeout: 30_000,
          retry: 1,
          hookTimeout: 60_000,
        },
      },
      { test: { name: 'house', include: ['test/house/**/*.test.ts'], testTimeout: 120_000 } },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          setupFiles: ['test/support/lint-setup.ts'],
          testTimeout: 120_000,
          retry: 1,
          hookTimeout: 120_000,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
