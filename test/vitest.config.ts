import { join } from 'node:path'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

process.env['SIGNING_SECRET'] = 'a secret of the tests'

const root = join(import.meta.dirname, '..')

export default defineConfig(async () => ({
  root,
  plugins: [
    cloudflareTest({
      wrangler: { configPath: join(root, 'wrangler.toml') },
      remoteBindings: false,
      miniflare: { bindings: { MIGRATIONS: await readD1Migrations(join(root, 'migrations')) } },
    }),
  ],
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/setup.ts'],
    silent: 'passed-only' as const,
    testTimeout: 60_000,
  },
}))
