import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle } from './bundle.ts'
import { migrations, readEnvironments } from './configuration.ts'
import { ENVIRONMENTS, execute, fail, migrateLocal, root } from './wrangler.ts'

/** Whatever of a deployment can be tried without an account, for both environments. */
export const rehearse = async (): Promise<void> => {
  const environments = readEnvironments()
  for (const environment of ENVIRONMENTS) {
    const { name, d1_databases } = environments[environment]
    console.log(`Environment ${environment}: Worker ${name}, database ${d1_databases[0]?.database_name}`)
    await bundle(environment)
  }

  const directory = mkdtempSync(join(tmpdir(), 'migrations-'))
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }))
  await migrateLocal(directory)
  const [applied = []] = await execute({ remote: undefined, directory }, ['SELECT name FROM d1_migrations'])
  if (applied.length !== migrations.length) fail(`Migrations: ${applied.length} of ${migrations.length} were applied to an empty database.`)
  console.log(`Migrations: ${applied.length} apply to an empty database`)

  const { status } = spawnSync(process.execPath, [join(root, 'scripts/generate.ts'), '--check'], { cwd: root, stdio: 'inherit' })
  if (status !== 0) fail('Document: run npm run generate and commit what it writes')
  console.log('Document: up to date. Nothing was deployed; whether the account lets it be shows in a deployment only.')
}
