import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { bundle } from './bundle.ts'
import { plantWalls } from './walls.ts'
import { fail, root } from './wrangler.ts'

const step = (name: string, mend: string, file: string, ...args: string[]): void => {
  const { status } = spawnSync(process.execPath, [join(root, file), ...args], { cwd: root, stdio: 'inherit' })
  if (status !== 0) fail(`${name}: ${mend}`)
}

step('Format', 'run npm run format', 'node_modules/oxfmt/bin/oxfmt', '--check')
step('Lint', 'mend what is listed above', 'node_modules/oxlint/bin/oxlint', '--type-aware', '--quiet')
const types = (project: string): void => step('Types', 'mend what is listed above', 'node_modules/typescript/bin/tsc', '-p', project)
types('.')
types('scripts')
types('system')
types('bench')
step('Generated files', 'run npm run generate and commit what it writes', 'scripts/generate.ts', '--check')
plantWalls()
/** The linter of the document neither reports its use nor looks for a newer version of itself. */
Object.assign(process.env, { REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' })
const rules = ['--config', 'scripts/redocly.yaml', '--lint-config', 'error']
step('Document', 'mend what is listed above', 'node_modules/@redocly/cli/bin/cli.js', 'lint', 'public/openapi.json', ...rules)
const document = ['public/openapi.json', '--default-non-nullable', 'false', '--output', 'docs/clients/togai.d.ts']
step('Client', 'mend what is listed above', 'docs/clients/node_modules/openapi-typescript/bin/cli.js', ...document)
types('docs/clients')

await bundle()
