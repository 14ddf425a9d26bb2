import { mkdtempSync, readFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { LARGE, TOKEN, givePlan, plantCustomers, sendEvents, writeInvoice } from './console/growth.ts'
import { PAGES, WRITING } from './console/pages.ts'
import { awaitPage, awaitTruth, closeTab, openTab, signIn } from './console/tab.ts'
import { launchChromium } from './chromium.ts'
import { startServer } from './server.ts'
import { fail, root } from '../scripts/wrangler.ts'

/** In milliseconds: how long a page may take until all of it is there. */
const LONGEST = 1000
const ROUNDS = 3
const LONGEST_FILLING = 600_000

const state = mkdtempSync(join(tmpdir(), 'togai-'))
const started = Date.now()
const say = (done: string): void => console.log(`${done} (${((Date.now() - started) / 1000).toFixed(0)} s)`)

/** What is opened or typed, and how it is measured. */
interface Measured {
  name: string
  path: string
  measure: (page: Page) => Promise<number>
}

const since = async (done: () => Promise<void>): Promise<number> => {
  const start = performance.now()
  await done()
  return performance.now() - start
}

/** Milliseconds until all of a page is there. */
const open = (name: string, path: string): Measured => ({
  name,
  path,
  measure: (page) =>
    since(async () => {
      await page.goto(`/console/${path}`)
      await awaitPage(page)
    }),
})

/** Milliseconds from the last letter that is typed into a field until what is found is there. */
const type = (name: string, path: string, field: string, text: string, isThere: string): Measured => ({
  name,
  path,
  measure: async (page) => {
    await page.goto(`/console/${path}`)
    await awaitPage(page)
    await page.getByLabel(field, { exact: true }).pressSequentially(text.slice(0, -1))
    return since(async () => {
      await page.keyboard.press(text.slice(-1))
      await awaitTruth(page, isThere)
    })
  },
})

const isListed = (text: string): string =>
  `document.querySelector('main tbody')?.innerText.includes('${text}') && !document.querySelector('main .loading, main [aria-busy=true]')`

const isOf = (pattern: string, path: string): boolean => new RegExp(`^${pattern.replaceAll(/:\w+/g, '[^/]+')}$`).test(path)

/** The patterns of addresses that the console knows and that none of the paths is of. */
const findUnopened = (paths: readonly string[]): string[] => {
  const routes = readFileSync(join(root, 'console/src/routes.ts'), 'utf8')
  const patterns = [...routes.matchAll(/^ {2}'?([\w:/-]*)'?: \(\) => import\(/gm)].map(([, pattern = '']) => pattern)
  const opened = paths.map((path) => path.split('?')[0] ?? '')
  return patterns.filter((pattern) => !opened.some((path) => isOf(pattern, path)))
}

await plantCustomers(state)
say('The customers')
const server = await startServer(['--sample'], state)
let slow: string[] = []
try {
  await server.ready
  await server.awaitOutput('The sample business is ready', LONGEST_FILLING)
  say('The sample business')
  await givePlan(server.url)
  const invoice = await writeInvoice(server.url)
  await sendEvents(server.url)
  say('The events')
  await wait(10_000)
  const browser = await launchChromium()
  const tab = await openTab(browser, server, { expected: /./ })
  await signIn(tab.page, TOKEN)
  const pages = [...(await PAGES(server, TOKEN)), ...WRITING.filter(({ opens }) => !opens)]
  const plan = pages.find(({ name }) => name === 'plan')?.path ?? ''
  const { data } = (await (await fetch(`${server.url}/features`, { headers: { Authorization: `Bearer ${TOKEN}` } })).json()) as {
    data: { id: string }[]
  }
  const all = [
    ...pages.map(({ name, path }) => open(name, path)),
    open('feature', `features/${data[0]?.id}`),
    open('plan-edit', `${plan}/edit`),
    open('customers-search', 'customers?q=big-05'),
    open('accounts-search', 'accounts?q=big-05'),
    open('account-big', 'accounts/big-000007'),
    open('account-large', `accounts/${LARGE}`),
    open('customer-large', `customers/${LARGE}`),
    open('events-account', `events?account=${LARGE}`),
    open('events-no-account', 'events?status=INGESTION_FAILED_ACCOUNT_NOT_FOUND'),
    open('events-no-schema', 'events?status=INGESTION_FAILED_SCHEMA_NOT_DEFINED'),
    open('invoice-lines', `invoices/${invoice}`),
    open('overview-month', '?range=month'),
    open('overview-year', '?range=365'),
    type('type-customers', 'customers', 'Search', 'big-0512', isListed('big-0512')),
    type('type-accounts', 'accounts', 'Search', 'Big customer 512', isListed('Big customer 512')),
    type(
      'type-anywhere',
      '',
      'Find a customer or an account',
      'big-0512',
      `document.querySelector('#found a')?.innerText.includes('big-0512')`,
    ),
  ]
  const unopened = findUnopened(all.map(({ path }) => path))
  if (unopened.length) throw new Error(`these pages are not measured: ${unopened.join(', ')}`)
  for (const { name, measure } of all) {
    const times: number[] = []
    for (let round = 0; round < ROUNDS; round++) times.push(await measure(tab.page))
    const [least, middle = 0] = times.toSorted((one, other) => one - other)
    console.log(
      `${name.padEnd(22)} ${middle.toFixed(0).padStart(6)} ms, from ${least?.toFixed(0)} to ${Math.max(...times).toFixed(0)}, load ${loadavg()[0]?.toFixed(1)}`,
    )
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
