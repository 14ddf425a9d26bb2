import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { walls } from './walls.ts'
import { fail, root } from './wrangler.ts'

/** Other code that the linter must report in src. */
const others: readonly [file: string, rule: string, source: string][] = [
  ['src/customers/planted/deep/zod.ts', 'no-restricted-imports', "import { z } from 'zod'\nexport const it = z.string()"],
  ['src/rating/planted/deep/zod.ts', 'no-restricted-imports', "import { z } from 'zod'\nexport const it = z.string()"],
  ['src/customers/planted/deep/clock.ts', 'no-restricted-properties', 'export const it = Date.now()'],
  ['src/customers/planted/deep/one.ts', 'no-cycle', "import { two } from './two.ts'\nexport const one = (): unknown => two"],
  ['src/customers/planted/deep/two.ts', 'no-cycle', "import { one } from './one.ts'\nexport const two = (): unknown => one"],
  [
    'src/customers/planted/deep/floating.ts',
    'no-floating-promises',
    "import type { Ctx } from '../../../db/context.ts'\nimport { customers } from '../../customers/table.ts'\nexport const it = (ctx: Ctx) => {\n  ctx.session.db.delete(customers)\n}",
  ],
  ['src/customers/planted/deep/default.ts', 'no-default-export', 'export default 1'],
]

const importOf = (from: string, to: string): string => {
  if (!to.endsWith('.ts')) return to
  const path = relative(dirname(from), join('src', to))
  return path.startsWith('.') ? path : `./${path}`
}

/** An `import()` of what is not a text in quotes: the linter does not hold it to a wall. */
const UNREADABLE = /\bimport\(\s*[^\s'")]/

/** The files of a project's src that import what the linter cannot read. */
const findUnreadable = (project: string): string[] =>
  readdirSync(join(project, 'src'), { recursive: true, encoding: 'utf8' })
    .map((file) => join('src', file))
    .filter((file) => file.endsWith('.ts') && UNREADABLE.test(readFileSync(join(project, file), 'utf8')))

const UNREADABLE_PLANTED = 'src/customers/planted/deep/unreadable.ts'

/** Breaks each wall in a copy of the sources, and fails if the linter does not report all of them. */
const plantWalls = (): void => {
  const copy = mkdtempSync(join(tmpdir(), 'walls-'))
  for (const part of ['src', 'tsconfig.json', '.oxlintrc.json', 'scripts/walls.json'])
    cpSync(join(root, part), join(copy, part), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const sources = new Map<string, string[]>()
  const add = (path: string, source: string): unknown => sources.set(path, [...(sources.get(path) ?? []), source])
  /** Each is imported at start and later, since a wall holds for both. */
  const imports = (pairs: readonly [string, string][]): void => {
    for (const [path, imported] of pairs) {
      add(path, `export * from '${importOf(path, imported)}'`)
      add(path, `export const later${sources.get(path)?.length} = () => import('${importOf(path, imported)}')`)
    }
  }
  for (const { broken, allowed = [] } of walls) {
    imports(broken)
    imports(allowed)
  }
  for (const [path, , source] of others) add(path, source)
  add(UNREADABLE_PLANTED, 'export const it = () => import(`../../customers/service.ts`)')
  for (const [path, lines] of sources) {
    mkdirSync(dirname(join(copy, path)), { recursive: true })
    writeFileSync(join(copy, path), `${lines.join('\n')}\n`)
  }
  const linter = join(root, 'node_modules/oxlint/bin/oxlint')
  const { stdout } = spawnSync(
    process.execPath,
    [linter, '--type-aware', '--format', 'unix', 'src', 'scripts', 'system', 'bench', 'console'],
    {
      cwd: copy,
      encoding: 'utf8',
      maxBuffer: 1e8,
    },
  )
  const unreadable = findUnreadable(copy)
  rmSync(copy, { recursive: true, force: true })
  const lines = stdout.split('\n')
  const reports = (path: string, rule: string): number =>
    lines.filter((line) => line.startsWith(`${path}:`) && line.includes(`(${rule})`)).length
  const rule = 'no-restricted-imports'
  const expected = new Map<string, number>()
  for (const [path] of walls.flatMap(({ broken }) => broken)) expected.set(path, (expected.get(path) ?? 0) + 2)
  const fallen = [
    ...[...expected].filter(([path, count]) => reports(path, rule) < count).map(([path]) => `${path} is not reported`),
    ...others.filter(([path, other]) => !reports(path, other)).map(([path, other]) => `${path} is not reported for ${other}`),
    ...walls
      .flatMap(({ allowed = [] }) => allowed)
      .filter(([path]) => reports(path, rule))
      .map(([path]) => `${path} is reported`),
    ...unreadable.filter((path) => path !== UNREADABLE_PLANTED).map((path) => `${path} has an import() of what is not a text in quotes`),
    ...(unreadable.includes(UNREADABLE_PLANTED) ? [] : [`${UNREADABLE_PLANTED} is not reported`]),
  ]
  if (fallen.length) fail(`Walls, see scripts/walls.ts: ${fallen.join('; ')}`)
  console.log(`${walls.length} walls stand, broken in ${sources.size} places`)
}

plantWalls()
