import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { migrations, readEnvironments } from './configuration.ts'
import { ENVIRONMENTS, execute, fail, migrateLocal } from './wrangler.ts'

/** Checks the parts of a deployment that need no account: the configuration of both environments, and the migrations. */
export const rehearseDeployment = async (): Promise<void> => {
  const environments = readEnvironments()
  for (const environment of ENVIRONMENTS) {
    const { name, d1_databases, exports } = environments[environment]
    const classes = Object.keys(exports).join(', ')
    console.log(`Environment ${environment}: Worker ${name}, database ${d1_databases[0]?.database_name}, Durable Objects ${classes}`)
  }

  const directory = mkdtempSync(join(tmpdir(), 'migrations-'))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  await migrateLocal(directory)
  const [applied = []] = await execute({ remote: undefined, directory }, ['SELECT name FROM d1_migrations'])
  if (applied.length !== migrations.length) fail(`Migrations: ${applied.length} of ${migrations.length} were applied to an empty database.`)
  console.log(`Migrations: ${applied.length} apply to an empty database`)
  console.log('Nothing was deployed. The code is what npm run check tries; what the account allows shows in a deployment only.')
}
