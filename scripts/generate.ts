import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openApiDocument } from '../src/http/openapi.ts'
import { operations } from '../src/operations.ts'
import * as said from '../src/reference.ts'
import { writtenWalls } from './walls.ts'
import { fail, root } from './wrangler.ts'

/** What is written from the code, and committed. */
const GENERATED: Readonly<Record<string, () => string>> = {
  'public/openapi.json': () => `${JSON.stringify(openApiDocument(operations, said), null, 2)}\n`,
  'scripts/walls.json': writtenWalls,
}

const committed = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

for (const [name, write] of Object.entries(GENERATED)) {
  const [file, text] = [join(root, name), write()]
  if (!process.argv.includes('--check')) writeFileSync(file, text)
  else if (committed(file) !== text) fail(`${name} is not what the code says. Run: npm run generate`)
}
