import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser } from 'playwright-core'
import { holdAlerts } from './console/alerts.ts'
import { holdAnalyst } from './console/analyst.ts'
import { holdErasure } from './console/erasure.ts'
import { holdChangedMeanwhile, holdLimit, holdLostNetwork, holdTokens } from './console/faults.ts'
import { makeFirstInvoice } from './console/first_invoice.ts'
import { holdImports } from './console/imports.ts'
import { holdKeyboard } from './console/keyboard.ts'
import { holdRebuild } from './console/rebuild.ts'
import { holdReports } from './console/reports.ts'
import { holdWebhooks } from './console/webhooks.ts'
import { holdOverdue } from './console/overdue.ts'
import { holdOffers } from './console/offers.ts'
import { holdPages } from './console/pages.ts'
import { holdPlans } from './console/plans.ts'
import { holdSize } from './console/size.ts'
import { launchChromium, requireChromium } from './chromium.ts'
import { startServer } from './server.ts'
import { fail } from '../scripts/wrangler.ts'

const LONGEST = 420_000
const LONGEST_FILLING = 180_000
/** The tokens of `npm run dev -- --sample`. */
const [SAMPLE, ANALYST] = ['sample-token', 'sample-analyst-token']

const given = () => {
  try {
    return parseArgs({ options: { screenshots: { type: 'string' }, only: { type: 'string' }, pages: { type: 'string' } } }).values
  } catch {
    return fail('Usage: npm run test:console -- [--screenshots DIR] [--only PARTS] [--pages NAMES], both as regular expressions')
  }
}
const { screenshots: asked, only, pages } = given()
const isAsked = (name: string): boolean => only === undefined || new RegExp(only, 'i').test(name)

requireChromium()

const pictures = asked === undefined ? mkdtempSync(join(tmpdir(), 'screenshots-')) : resolve(asked)
mkdirSync(pictures, { recursive: true })

const started = Date.now()
const FILLING = 'The sample business, which is made while the others run'

interface Part {
  name: string
  hold: (browser: Browser) => Promise<unknown>
}

/** The parts that look at the sample business. */
const OF_SAMPLE: readonly Part[] = [
  {
    name: 'The size of the first page',
    hold: async (browser) => console.log(`The overview loads ${((await holdSize(browser, server, SAMPLE)) / 1000).toFixed(1)} KB`),
  },
  { name: 'The keyboard', hold: (browser) => holdKeyboard(browser, server, SAMPLE) },
  { name: 'What is overdue, and several statuses at once', hold: (browser) => holdOverdue(browser, server, SAMPLE) },
  { name: 'The day of an ANALYST', hold: (browser) => holdAnalyst(browser, server, ANALYST) },
  {
    name: 'Each page, wide and dark, narrow and light',
    hold: async (browser) =>
      console.log(`${await holdPages(browser, server, SAMPLE, pictures, new RegExp(pages ?? '.'))} pages, each twice`),
  },
]
const looksAtSample = OF_SAMPLE.some(({ name }) => isAsked(name))
const server = await startServer(looksAtSample ? ['--sample'] : [])

const done: string[] = []
const step = async (name: string, work: () => Promise<unknown>): Promise<void> => {
  if (!isAsked(name) && !(looksAtSample && name === FILLING)) return
  const before = Date.now()
  try {
    await work()
  } catch (error) {
    throw new Error(`${name}: ${(error instanceof Error ? error.message : String(error)).split('\n').slice(0, 12).join('\n')}`, {
      cause: error,
    })
  }
  done.push(name)
  console.log(`${name} (${((Date.now() - before) / 1000).toFixed(1)} s)`)
}

let wrong: string | undefined
try {
  const [browser] = await Promise.all([launchChromium(), server.ready])
  try {
    await step('From an empty organization to an invoice that is paid', () => makeFirstInvoice(browser, server))
    await step('A plan with entitlements, grants and rules', () => holdPlans(browser, server))
    await step('Proposals that are approved, declined and paid', () => holdOffers(browser, server))
    await step('A file that is imported, and an alias that is given', () => holdImports(browser, server))
    await step('A customer that is erased', () => holdErasure(browser, server))
    await step('Tokens that are wrong, revoked, and not kept', () => holdTokens(browser, server))
    await step('A network that is lost', () => holdLostNetwork(browser, server))
    await step('A customer that somebody else changes meanwhile', () => holdChangedMeanwhile(browser, server))
    await step('A limit that is reached', () => holdLimit(browser, server))
    await step('Alerts and what they find, with a clock that is moved', () => holdAlerts(browser, server))
    await step('Webhooks, from the secret that is shown once to their end', () => holdWebhooks(browser, server))
    await step('Reports, made once and each day, byte for byte', () => holdReports(browser, server))
    await step(FILLING, () => server.awaitOutput('The sample business is ready', LONGEST_FILLING))
    for (const { name, hold } of OF_SAMPLE) await step(name, () => hold(browser))
    await step('The console that is built again beside the server', () => holdRebuild(server))
  } catch (error) {
    const open = browser.contexts().flatMap((context) => context.pages())
    for (const [at, page] of open.entries()) await page.screenshot({ path: join(pictures, `failed-${at}.png`) }).catch(() => {})
    throw error
  } finally {
    await browser.close()
  }
} catch (error) {
  wrong = error instanceof Error ? error.message : String(error)
} finally {
  await server.stop()
}
const took = Date.now() - started
console.log(`Screenshots are in ${pictures}`)
if (wrong) fail(`Console: ${wrong}. Look at /console with npm run dev -- --sample.`)
if (took > LONGEST) fail(`Console: it took ${took / 1000} s, and should take less than ${LONGEST / 1000} s`)
if (!done.length) fail(`Console: no part is called as --only ${only} says`)
console.log(`Console: ${done.length} parts hold, in ${(took / 1000).toFixed(1)} s`)
