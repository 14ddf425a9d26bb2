import { fail, fault, run, start } from './wrangler.ts'

const migrate = () => run(['d1', 'migrations', 'apply', 'DB', '--remote'])

let migrated = await migrate()
if (!migrated.ok && migrated.output.includes("Couldn't find a D1 DB")) {
  const created = await run(['d1', 'create', 'togai'])
  if (!created.ok) fail(`The database could not be created: ${fault(created.output)}`)
  migrated = await migrate()
}
if (!migrated.ok && /CLOUDFLARE_API_TOKEN|not authenticated|login/i.test(migrated.output))
  fail('No Cloudflare account is at hand. Run: npx wrangler login (or set CLOUDFLARE_API_TOKEN), then npm run deploy again.')
if (!migrated.ok) fail(`The migrations could not be applied: ${fault(migrated.output)}`)

const deploy = start(['deploy', ...process.argv.slice(2)], 'inherit')
deploy.on('close', (code) => {
  if (code)
    fail('The migrations are applied; the Worker could not be deployed, for the reason above. Run npm run deploy again when it is mended.')
  console.log('Make a token for it: npm run token -- create --organization NAME --name NAME --remote')
})
