import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { PAGES } from './console/pages.ts'
import { awaitPage, closeTab, openTab, signIn } from './console/tab.ts'
import { launchChromium } from './chromium.ts'
import { startServer } from './server.ts'
import { execute, fail, migrateLocal, quoted } from '../scripts/wrangler.ts'

/** How many customers there are, each with an account, and how many events beside those of the sample business. */
const [CUSTOMERS, EVENTS] = [100_000, 800_000]
/** How many of the accounts have events. */
const USED = 2000
const [BATCH, TOGETHER] = [1000, 4]
/** In milliseconds: how long a page may take until all of it is there. */
const LONGEST = 1000
const ROUNDS = 3
const LONGEST_FILLING = 600_000
const [ORGANIZATION, TOKEN] = ['org.sample', 'sample-token']

const state = mkdtempSync(join(tmpdir(), 'togai-'))
const started = Date.now()
const say = (done: string): void => console.log(`${done} (${((Date.now() - started) / 1000).toFixed(0)} s)`)

const key = (prefix: string): string => `format('${prefix}.0VQ%08d.%05d', n, n % 99999)`
const numbers = (from: number) =>
  `WITH RECURSIVE numbers (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ${from + 10_000})`

/** Plants customers and their accounts, as an import would have left them. */
const plantCustomers = async (): Promise<void> => {
  await migrateLocal(state)
  const at = Date.parse('2026-07-01T00:00:00Z')
  const statements = [
    `INSERT INTO organizations (id, name, created_at) VALUES (${quoted(ORGANIZATION)}, 'Sample business', ${at}) ON CONFLICT DO NOTHING`,
  ]
  for (let from = 0; from < CUSTOMERS; from += 10_000)
    statements.push(
      `INSERT INTO customers (togai_customer_id, organization_id, id, name, primary_email, address, status, created_at, updated_at, id_folded, name_folded, primary_email_folded)
       ${numbers(from)} SELECT ${key('customer')}, ${quoted(ORGANIZATION)}, format('big-%06d', n), 'Big customer ' || n, 'big' || n || '@example.com',
         json_object('city', 'Florence', 'country', 'US'), 'ACTIVE', ${at} + n, ${at} + n, format('big-%06d', n), 'big customer ' || n, 'big' || n || '@example.com' FROM numbers`,
      `INSERT INTO accounts (togai_account_id, organization_id, togai_customer_id, customer_id, id, name, invoice_currency, address, primary_email, status, created_at, updated_at, id_folded, name_folded, primary_email_folded)
       ${numbers(from)} SELECT ${key('account')}, ${quoted(ORGANIZATION)}, ${key('customer')}, format('big-%06d', n), format('big-%06d', n), 'Big customer ' || n, 'USD',
         json_object('city', 'Florence', 'country', 'US'), 'big' || n || '@example.com', 'ACTIVE', ${at} + n, ${at} + n, format('big-%06d', n), 'big customer ' || n, 'big' || n || '@example.com' FROM numbers`,
    )
  await execute({ remote: undefined, directory: state }, statements)
  say(`${CUSTOMERS} customers`)
}

const sendEvents = async (url: string): Promise<void> => {
  const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' }
  const from = Date.parse('2026-09-01T00:00:00Z')
  const eventOf = (at: number) => ({
    id: `big-${at}`,
    schemaName: 'document_read',
    accountId: `big-${String(at % USED).padStart(6, '0')}`,
    timestamp: new Date(from + ((at * 7919) % (58 * 24 * 60)) * 60_000).toISOString(),
    attributes: [
      { name: 'pages', value: String((at % 9) + 1) },
      { name: 'characters', value: String((at % 9) * 1700 + 900) },
    ],
    dimensions: { kind: 'letter', region: 'eu-west' },
  })
  let next = 0
  const work = async (): Promise<void> => {
    while (next < EVENTS) {
      const start = next
      next += BATCH
      const body = JSON.stringify({ events: Array.from({ length: BATCH }, (_, at) => eventOf(start + at)) })
      for (;;) {
        const response = await fetch(`${url}/ingestBatch`, { method: 'POST', headers, body })
        if (response.status === 202) break
        if (!response.headers.has('Retry-After')) throw new Error(`POST /ingestBatch answered ${response.status} ${await response.text()}`)
        await wait(1000)
      }
    }
  }
  await Promise.all(Array.from({ length: TOGETHER }, work))
  say(`${EVENTS} events more`)
}

/** Milliseconds until all of a page is there. */
const measure = async (page: Page, path: string): Promise<number> => {
  const start = performance.now()
  await page.goto(`/console/${path}`)
  await awaitPage(page)
  return performance.now() - start
}

await plantCustomers()
const server = await startServer(['--sample'], state)
let slow: string[] = []
try {
  await server.ready
  await server.awaitOutput('The sample business is ready', LONGEST_FILLING)
  say('The sample business')
  await sendEvents(server.url)
  await wait(10_000)
  const browser = await launchChromium()
  const tab = await openTab(browser, server, { expected: /./ })
  await signIn(tab.page, TOKEN)
  const more = [
    { name: 'customers-search', path: 'customers?q=big-05' },
    { name: 'account-big', path: 'accounts/big-000007' },
    { name: 'events-account', path: 'events?account=big-000007' },
    { name: 'overview-month', path: '?range=month' },
  ]
  for (const { name, path } of [...(await PAGES(server, TOKEN)), ...more]) {
    const times: number[] = []
    for (let round = 0; round < ROUNDS; round++) times.push(await measure(tab.page, path))
    const [least, middle = 0] = times.toSorted((one, other) => one - other)
    console.log(`${name.padEnd(22)} ${middle.toFixed(0).padStart(6)} ms, from ${least?.toFixed(0)} to ${Math.max(...times).toFixed(0)}`)
    if (middle > LONGEST) slow.push(name)
  }
  await closeTab(tab)
  await browser.close()
} catch (error) {
  slow = [error instanceof Error ? error.message : String(error)]
} finally {
  await server.stop()
}
if (slow.length) fail(`Console growth: over ${LONGEST} ms: ${slow.join(', ')}`)
say('Each page is there within a second')
