import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type Environment, fail, fault, run } from './wrangler.ts'

const LARGEST_BUNDLE = 75_000

/** Builds the Worker of an environment, or that of local development, and says how large it is: 75 KB compressed at most. */
export const bundle = async (environment?: Environment): Promise<void> => {
  const name = environment ? `Bundle of ${environment}` : 'Bundle'
  const directory = mkdtempSync(join(tmpdir(), 'bundle-'))
  const built = await run(['deploy', '--dry-run', '--outdir', directory, '--env', environment ?? ''])
  const size = built.ok ? gzipSync(readFileSync(join(directory, 'index.js')), { level: 9 }).length : 0
  rmSync(directory, { recursive: true, force: true })
  if (!built.ok) fail(`${name}: the Worker does not build: ${fault(built.output)}`)
  console.log(`${name}: ${(size / 1000).toFixed(1)} KB compressed, of ${LARGEST_BUNDLE / 1000} KB at most`)
  if (size > LARGEST_BUNDLE) fail(`${name}: too large. See what it holds: npx wrangler deploy --dry-run --outdir dist --metafile`)
}
