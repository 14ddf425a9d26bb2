import { spawnSync } from 'node:child_process'
import { fail, root } from './wrangler.ts'

const LISTED = 'mend what is listed above'

/** A command for Node, and what to do if it fails. */
type Check = [name: string, mend: string, command: string]

const checkTypes = (project: string): Check => ['Types', LISTED, `node_modules/typescript/bin/tsc -p ${project}`]

const checks: readonly Check[] = [
  ['Format', 'run npm run format', 'node_modules/oxfmt/bin/oxfmt --check'],
  [
    'Client',
    LISTED,
    'docs/clients/node_modules/openapi-typescript/bin/cli.js public/openapi.json --default-non-nullable false --output docs/clients/togai.d.ts',
  ],
  ['Lint', LISTED, 'node_modules/oxlint/bin/oxlint --type-aware --quiet'],
  ...['.', 'scripts', 'system', 'bench'].map(checkTypes),
  ['Generated files', 'run npm run generate and commit what it writes', 'scripts/generate.ts --check'],
  ['Walls', LISTED, 'scripts/plant_walls.ts'],
  ['Document', LISTED, 'node_modules/@redocly/cli/bin/cli.js lint public/openapi.json --config scripts/redocly.yaml --lint-config error'],
  checkTypes('docs/clients'),
  checkTypes('console'),
  ['Links', LISTED, 'scripts/links.ts'],
  ['Bundle', LISTED, 'scripts/bundle.ts'],
]

/** Keeps Redocly from reporting its use and from looking for updates. */
const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' }

for (const [name, mend, command] of checks) {
  const { status } = spawnSync(process.execPath, command.split(' '), { cwd: root, env, stdio: 'inherit' })
  if (status !== 0) fail(`${name}: ${mend}`)
}
