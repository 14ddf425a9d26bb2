import { globSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { fail } from '../scripts/wrangler.ts'
import { startBenchmark } from './benchmark.ts'
import { DUE, END, type Organization, customerOf, forEach, serveAccounts } from './billed_accounts.ts'

const { values } = parseArgs({ options: { accounts: { type: 'string' }, events: { type: 'string' } } })

/** How many accounts are made and billed, and how many events each of the first hundred of them sends. */
const [ACCOUNTS, EVENTS] = [Number(values.accounts ?? 500), Number(values.events ?? 500)]
const SENDERS = Math.min(ACCOUNTS, 100)
/** In milliseconds: nothing takes longer, and a ledger folds its journal 5 seconds after it began. */
const [LONGEST, UNTIL_FOLDED] = [1_200_000, 8000]
/** The bytes that one D1 database holds, and at which new events go to a new generation of ledgers; Cloudflare's limit of a ledger is that of a database. */
const [LARGEST, NEW_GENERATION] = [10e9, 6e9]

const directory = startBenchmark('Bench of capacity', LONGEST)
const { server, url, DB, runCron, ask, makeOrganization, makeAccounts, sendEvents } = await serveAccounts(directory)

/** The bytes that are in use in all databases of one class of objects. */
const sizeOf = (kind: string): number =>
  globSync(join(directory, '**', `*${kind}*`, '*.sqlite')).reduce((sum, file) => {
    const database = new DatabaseSync(file, { readOnly: true })
    const pragma = (name: string): number => Number(Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0])
    const size = (pragma('page_count') - pragma('freelist_count')) * pragma('page_size')
    database.close()
    return sum + size
  }, 0)

const sizeOfDatabase = () => sizeOf('D1DatabaseObject')

/** What one of something takes. */
interface Taken {
  what: string
  bytes: number
  /** The bytes until something must be done, and how many of it there are then. */
  most: number
}

const taken: Taken[] = []

/** Measures by how many bytes a size grows with each of `count` things. */
const measure = async (what: string, count: number, size: () => number | Promise<number>, work: () => Promise<unknown>, most = LARGEST) => {
  const before = await size()
  await work()
  taken.push({ what, bytes: ((await size()) - before) / count, most })
}

const { token }: Organization = await makeOrganization()
const send = async (method: string, path: string, body: unknown, headers: Record<string, string> = {}): Promise<void> => {
  const response = await fetch(url.origin + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  if (!response.ok) fail(`${path} was answered ${response.status} ${text}`)
}

await measure('a customer with an account and an alias, with its audit entries', ACCOUNTS, sizeOfDatabase, () =>
  forEach(ACCOUNTS, (n) => ask(token, '/customers', customerOf(n))),
)
await measure('the same with an Idempotency-Key, for 30 days', ACCOUNTS, sizeOfDatabase, () =>
  forEach(ACCOUNTS, (n) => send('POST', '/customers', customerOf(`keyed-${n}`), { 'Idempotency-Key': `key-${n}` })),
)
await measure('a change of an account, in the audit log', ACCOUNTS, sizeOfDatabase, () =>
  forEach(ACCOUNTS, (n) => send('PATCH', `/accounts/account-${n}`, { name: `Secondary Account ${n}` })),
)
const billed = await makeOrganization()
await measure('an account with a price plan, with its customer', ACCOUNTS, sizeOfDatabase, () => makeAccounts(billed, ACCOUNTS, 1))
await wait(UNTIL_FOLDED)
await measure(
  'an event, in the event ledgers',
  SENDERS * EVENTS,
  () => sizeOf('EventLedger'),
  async () => {
    await sendEvents(
      billed,
      Array.from({ length: SENDERS }, (_, n) => `account-${n}`),
      EVENTS,
    )
    await wait(UNTIL_FOLDED)
  },
  NEW_GENERATION,
)
await runCron(END - 1, billed.id)
/** What the cron deletes in time is deleted before, so that it does not hide what is added. */
await DB.batch([DB.prepare('DELETE FROM outbox'), DB.prepare('DELETE FROM idempotency_keys')])
await measure('an account and month, billed: a cycle, a STANDARD invoice and one in advance', ACCOUNTS, sizeOfDatabase, async () => {
  await runCron(END, billed.id)
  await runCron(DUE, billed.id)
})
const rounded = (bytes: number): string => (bytes >= 1000 ? `${(bytes / 1000).toFixed(1)} KB` : `${Math.round(bytes)} bytes`)
for (const { what, bytes, most } of taken)
  console.log(`${what}: ${rounded(bytes)}${bytes > 0 ? `; ${Math.floor(most / bytes).toLocaleString('en')} in ${most / 1e9} GB` : ''}`)
await server.close()
