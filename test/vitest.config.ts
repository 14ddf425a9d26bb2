import { join, matchesGlob } from 'node:path'
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { chosenFolders, testsOf } from './chosen.ts'

process.env['SIGNING_SECRET'] = 'a secret of the tests'

const root = join(import.meta.dirname, '..')

const folders = chosenFolders(process.env['DOMAIN'], process.argv)
const files = testsOf(folders)

/** These change the tables, what is kept of every organization, or which modules the Worker has, or count rows to the last: each has a Worker of its own. */
const ALONE = [
  'test/access/scheduled.test.ts',
  'test/access/revocation.test.ts',
  'test/billing/verifications.test.ts',
  'test/catalogue/migrations.test.ts',
  'test/db/migrations.test.ts',
]

export default defineConfig(async () => {
  const worker = cloudflareTest({
    wrangler: { configPath: join(root, 'wrangler.toml') },
    remoteBindings: false,
    miniflare: {
      bindings: {
        MIGRATIONS: await readD1Migrations(join(root, 'migrations')),
        DOMAIN: folders.join(),
        BILLING_MODEL: process.env['BILLING_MODEL'] ?? '',
      },
    },
  })
  const project = (name: string, isolate: boolean, include: string[], exclude: string[] = []) => ({
    root,
    plugins: [worker],
    test: { name, isolate, include, exclude, setupFiles: ['test/setup.ts'], testTimeout: 60_000, chaiConfig: { truncateThreshold: 160 } },
  })
  return {
    root,
    test: {
      /** One for each core of the machines that build it: the Workers do nearly all of the work. */
      maxWorkers: 2,
      silent: 'passed-only' as const,
      projects: [
        project('together', false, files, ALONE),
        project(
          'alone',
          true,
          ALONE.filter((file) => files.some((glob) => matchesGlob(file, glob))),
        ),
      ],
    },
  }
})
