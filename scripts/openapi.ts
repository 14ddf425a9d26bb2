import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openApiDocument } from '../src/http/openapi.ts'
import { operations } from '../src/operations.ts'
import * as said from '../src/reference.ts'
import { fail, root } from './wrangler.ts'

const file = join(root, 'public/openapi.json')
const text = `${JSON.stringify(openApiDocument(operations, said), null, 2)}\n`

if (process.argv.includes('--check')) {
  let committed = ''
  try {
    committed = readFileSync(file, 'utf8')
  } catch {}
  if (committed !== text) fail('public/openapi.json is not what the code says. Run: npm run openapi')
} else writeFileSync(file, text)
