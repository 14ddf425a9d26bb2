import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { fail, root } from './wrangler.ts'

/** Each wall of the house, with a line that breaks it: the linter must say so in the file, or the wall does not stand. */
const planted: [file: string, rule: string, line: string][] = [
  ['src/lib/planted.ts', 'no-restricted-imports', "import { commit } from '../db/commit.ts'\nexport const it = commit"],
  ['src/db/planted.ts', 'no-restricted-imports', "import { operation } from '../http/operation.ts'\nexport const it = operation"],
  ['src/db/planted2.ts', 'no-restricted-imports', "import { customers } from '../customers/table.ts'\nexport const it = customers"],
  ['src/http/planted.ts', 'no-restricted-imports', "import { getCustomer } from '../customers/service.ts'\nexport const it = getCustomer"],
  ['src/planted/service.ts', 'no-restricted-imports', "import { operation } from '../http/operation.ts'\nexport const it = operation"],
  ['src/planted/rating.ts', 'no-restricted-imports', "import { operation } from '../http/operation.ts'\nexport const it = operation"],
  ['src/planted/operations.ts', 'no-restricted-imports', "import { customers } from '../customers/table.ts'\nexport const it = customers"],
  ['src/planted/table.ts', 'no-restricted-imports', "import { getCustomer } from '../customers/service.ts'\nexport const it = getCustomer"],
  ['src/planted/schema.ts', 'no-restricted-imports', "import { commit } from '../db/commit.ts'\nexport const it = commit"],
  ['src/operations.ts', 'no-restricted-imports', "import { getCustomer } from './customers/service.ts'\nexport const it = getCustomer"],
  ['src/planted/zod.ts', 'no-restricted-imports', "import { z } from 'zod'\nexport const it = z.string()"],
  ['src/planted/clock.ts', 'no-restricted-properties', 'export const it = Date.now()'],
  ['src/planted/one.ts', 'no-cycle', "import { two } from './two.ts'\nexport const one = (): unknown => two"],
  ['src/planted/two.ts', 'no-cycle', "import { one } from './one.ts'\nexport const two = (): unknown => one"],
  [
    'src/planted/floating.ts',
    'no-floating-promises',
    "import type { Ctx } from '../context.ts'\nimport { customers } from '../customers/table.ts'\nexport const it = (ctx: Ctx) => {\n  ctx.session.db.delete(customers)\n}",
  ],
  ['src/planted/default.ts', 'no-default-export', 'export default 1'],
]

const copy = mkdtempSync(join(tmpdir(), 'walls-'))
for (const part of ['src', 'tsconfig.json', '.oxlintrc.json']) cpSync(join(root, part), join(copy, part), { recursive: true })
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
for (const [file, , line] of planted) {
  mkdirSync(dirname(join(copy, file)), { recursive: true })
  writeFileSync(join(copy, file), `${line}\n`)
}
const { stdout } = spawnSync(process.execPath, [join(root, 'node_modules/oxlint/bin/oxlint'), '--type-aware', '--format', 'unix', 'src'], {
  cwd: copy,
  encoding: 'utf8',
})
rmSync(copy, { recursive: true, force: true })

const standing = ([file, rule]: (typeof planted)[number]) =>
  stdout.split('\n').some((line) => line.includes(`${file}:`) && line.includes(`(${rule})`))
const fallen = planted.filter((wall) => !standing(wall))
if (fallen.length) fail(`These walls do not stand, see .oxlintrc.json: ${fallen.map(([file, rule]) => `${rule} in ${file}`).join(', ')}`)
console.log(`${planted.length} walls stand`)
