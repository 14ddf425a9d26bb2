import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { fail, fault, run } from './wrangler.ts'

const LARGEST_BUNDLE = 75_000

const directory = mkdtempSync(join(tmpdir(), 'bundle-'))
process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
const built = await run(['deploy', '--dry-run', '--outdir', directory, '--env', ''])
if (!built.ok) fail(`The Worker does not build: ${fault(built.output)}`)
const size = gzipSync(readFileSync(join(directory, 'index.js')), { level: 9 }).length
console.log(`Bundle: ${(size / 1000).toFixed(1)} KB compressed, of ${LARGEST_BUNDLE / 1000} KB at most`)
if (size > LARGEST_BUNDLE) fail('It is too large. See what it holds: npx wrangler deploy --dry-run --outdir dist --metafile')
