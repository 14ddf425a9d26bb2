import { mkdtempSync, readFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Page } from 'playwright-core'
import { LARGE, TOKEN, givePlan, plantCustomers, sendEvents, writeInvoice } from './console/growth.ts'
import { WRITING, listPages } from './console/pages.ts'
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

const timeWork = async (work: () => Promise<void>): Promise<number> => {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Milliseconds until all of a page is there. */
const measureOpening = (name: string, path: string): Measured => ({
  name,
  path,
  measure: async (page) => {
    const time = await timeWork(async () => {
      await page.goto(`/console/${path}`)
      await awaitPage(page)
    })
    const [refused] = await page.getByRole('alert').allInnerTexts()
    if (refused !== undefined) throw new Error(`${name} is refused: ${refused}`)
    return time
  },
})

/** Milliseconds from the last letter that is typed into a field until what is found is there. */
const measureTyping = (name: string, path: string, field: string, text: string, isThere: string): Measured => ({
  name,
  path,
  measure: async (page) => {
    await page.goto(`/console/${path}`)
    await awaitPage(page)
    await page.getByLabel(field, { exact: true }).pressSequentially(text.slice(0, -1))
    return timeWork(async () => {
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
const slow: string[] = []
let wrong: string | undefined
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
  const pages = [...(await listPages(server, TOKEN)), ...WRITING.filter(({ opens }) => !opens)]
  const plan = pages.find(({ name }) => name === 'plan')?.path ?? ''
  const all = [
    ...pages.map(({ name, path }) => measureOpening(name, path)),
    measureOpening('plan-edit', `${plan}/edit`),
    measureOpening('customers-search', 'customers?q=big-05'),
    measureOpening('accounts-search', 'accounts?q=big-05'),
    measureOpening('account-big', 'accounts/big-000007'),
    measureOpening('account-large', `accounts/${LARGE}`),
    measureOpening('customer-large', `customers/${LARGE}`),
    measureOpening('events-account', `events?account=${LARGE}`),
    measureOpening('events-no-account', 'events?status=INGESTION_FAILED_ACCOUNT_NOT_FOUND'),
    measureOpening('events-no-schema', 'events?status=INGESTION_FAILED_SCHEMA_NOT_DEFINED'),
    measureOpening('invoice-lines', `invoices/${invoice}`),
    measureOpening('overview-month', '?range=month'),
    measureOpening('overview-year', '?range=365'),
    measureTyping('type-customers', 'customers', 'Search', 'big-0512', isListed('big-0512')),
    measureTyping('type-accounts', 'accounts', 'Search', 'Big customer 512', isListed('Big customer 512')),
    measureTyping(
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
  wrong = error instanceof Error ? error.message : String(error)
} finally {
  await server.stop()
}
if (wrong) fail(`Console growth: ${wrong}`)
if (slow.length) fail(`Console growth: over ${LONGEST} ms: ${slow.join(', ')}`)
say('Each page is there within a second')
