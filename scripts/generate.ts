import { globSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ReferenceFile, mergeReferences, openApiDocument } from '../src/http/openapi.ts'
import { operations } from '../src/operations.ts'
import { writeClientsPage } from './clients_table.ts'
import { writeWalls } from './walls.ts'
import { fail, root } from './wrangler.ts'

const files = globSync('src/**/reference.ts', { cwd: root }).toSorted()
const said = mergeReferences(await Promise.all(files.map((file) => import(join(root, file)) as Promise<ReferenceFile>)))

const [newest] = readdirSync(join(root, 'migrations')).toSorted().slice(-1)

/** The files that are generated from the code and committed. */
const GENERATED: Readonly<Record<string, () => string>> = {
  'public/openapi.json': () => `${JSON.stringify(openApiDocument(operations, said), null, 2)}\n`,
  'scripts/walls.json': writeWalls,
  'docs/clients.md': () => writeClientsPage(operations),
  'src/http/migration.ts': () => `/** The newest migration. The code needs it. */\nexport const MIGRATION = '${newest}'\n`,
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
