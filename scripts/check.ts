import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { fail, fault, root, run } from './wrangler.ts'

const LARGEST_BUNDLE = 75_000

const step = (name: string, mend: string, file: string, ...args: string[]): void => {
  const { status } = spawnSync(process.execPath, [join(root, file), ...args], { cwd: root, stdio: 'inherit' })
  if (status !== 0) fail(`${name}: ${mend}`)
}

step('Format', 'run npm run format', 'node_modules/oxfmt/bin/oxfmt', '--check')
step('Lint', 'mend what is listed above', 'node_modules/oxlint/bin/oxlint', '--type-aware', '--quiet')
step('Walls', 'mend .oxlintrc.json', 'scripts/walls.ts')
for (const project of ['.', 'scripts']) step('Types', 'mend what is listed above', 'node_modules/typescript/bin/tsc', '-p', project)
step('Document', 'run npm run openapi and commit public/openapi.json', 'scripts/openapi.ts', '--check')

const directory = mkdtempSync(join(tmpdir(), 'bundle-'))
const built = await run(['deploy', '--dry-run', '--outdir', directory])
const size = built.ok ? gzipSync(readFileSync(join(directory, 'index.js')), { level: 9 }).length : 0
rmSync(directory, { recursive: true, force: true })
if (!built.ok) fail(`Bundle: the Worker does not build: ${fault(built.output)}`)
console.log(`Bundle: ${(size / 1000).toFixed(1)} KB compressed, of ${LARGEST_BUNDLE / 1000} KB at most`)
if (size > LARGEST_BUNDLE) fail('Bundle: too large. See what it holds: npx wrangler deploy --dry-run --outdir dist --metafile')
