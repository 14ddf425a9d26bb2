import { globSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

process.env['SIGNING_SECRET'] = 'a secret of the tests'

const root = join(import.meta.dirname, '..')

const { DOMAIN = '' } = process.env
const folders = globSync('src/*/*/operations.ts', { cwd: root }).map((file) => relative('src', dirname(file)))
for (const chosen of DOMAIN.split(',').filter(Boolean))
  if (!folders.some((folder) => `${folder}/`.startsWith(`${chosen}/`))) throw new Error(`DOMAIN: no operation is in src/${chosen}`)

/** These change the tables, what is kept of every organization, or which modules the Worker has: each has a Worker of its own. */
const ALONE = ['test/access/scheduled.test.ts', 'test/access/revocation.test.ts', 'test/db/migrations.test.ts', 'test/http/health.test.ts']

export default defineConfig(async () => {
  const worker = cloudflareTest({
    wrangler: { configPath: join(root, 'wrangler.toml') },
    remoteBindings: false,
    miniflare: { bindings: { MIGRATIONS: await readD1Migrations(join(root, 'migrations')), DOMAIN } },
  })
  const shared = { setupFiles: ['test/setup.ts'], testTimeout: 60_000 }
  return {
    root,
    test: {
      maxWorkers: 2,
      silent: 'passed-only' as const,
      projects: [
        { root, plugins: [worker], test: { ...shared, name: 'together', isolate: false, include: ['test/**/*.test.ts'], exclude: ALONE } },
        { root, plugins: [worker], test: { ...shared, name: 'alone', include: ALONE } },
      ],
    },
  }
})
