import { ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { root } from '../../scripts/wrangler.ts'
import { type Server, askApi, awaitPage, closeTab, openTab, signIn } from './tab.ts'

const axe = readFileSync(createRequire(join(root, 'console/package.json')).resolve('axe-core/axe.min.js'), 'utf8')

interface ConsolePage {
  name: string
  path: string
  /** What is pressed before the picture is taken. */
  opens?: string
}

/** Each page of the console, with something of the sample business to show. */
export const listPages = async (server: Server, token: string): Promise<ConsolePage[]> => {
  /** The id of the first item of a list that is meant. Without one, a page would not be looked at. */
  const first = async (path: string, isMeant: (item: Record<string, unknown>) => boolean = () => true): Promise<string> => {
    const { answer } = await askApi(server, token, path)
    const id = answer.data.find(isMeant)?.['id']
    if (typeof id !== 'string') throw new Error(`the sample business has nothing to show of ${path}`)
    return encodeURIComponent(id)
  }
  const planOf = (named: string): Promise<string> => first('/price_plans?pageSize=100', ({ name }) => name === named)
  const [plan, partner] = [await planOf('Growth'), await planOf('Partner')]
  const purchases = '/purchases?account_id=calder-motors'
  const approved = await first(purchases, ({ purchaseStatus }) => purchaseStatus === 'SUCCESS')
  const bought = await first(purchases, ({ proposalStatus }) => proposalStatus === undefined)
  const schedule = await first('/accounts/calder-motors/pricing_schedules')
  const paid = await first('/invoices?owner_id=calder-motors&status=PAID')
  const [meter, feature] = [await first('/usage_meters'), await first('/features')]
  const [group, credit, job, webhook] = [
    await first('/invoice_groups'),
    await first('/credits'),
    await first('/jobs'),
    await first('/webhook_endpoints'),
  ]
  const lists = [
    'customers',
    'accounts',
    'groups',
    'invoices',
    'bill-runs',
    'purchases',
    'aliases',
    'import',
    'payments',
    'credits',
    'events',
    'schemas',
    'meters',
    'plans',
    'addons',
    'features',
    'incidents',
    'alerts',
    'reports',
    'webhooks',
    'jobs',
    'audit',
    'settings',
  ]
  return [
    { name: 'overview', path: '?range=90' },
    ...lists.map((path) => ({ name: path, path })),
    { name: 'customer', path: 'customers/brightwater-insurance' },
    { name: 'account', path: 'accounts/calder-motors' },
    { name: 'group', path: `groups/${group}` },
    { name: 'invoice', path: `invoices/${paid}` },
    { name: 'invoices-overdue', path: 'invoices?overdue=yes' },
    { name: 'credit', path: `credits/${credit}` },
    { name: 'event', path: 'events/80-40' },
    { name: 'events-unprocessed', path: 'events?status=UNPROCESSED' },
    { name: 'schema', path: 'schemas/document_read' },
    { name: 'meter', path: `meters/${meter}` },
    { name: 'feature', path: `features/${feature}` },
    { name: 'plan', path: `plans/${plan}` },
    { name: 'plan-versions', path: `plans/${plan}/compare?left=1&right=1&all=yes` },
    { name: 'plan-credits', path: `plans/${partner}` },
    { name: 'schedule', path: `accounts/calder-motors/schedules/${schedule}` },
    { name: 'proposal', path: `proposals/${approved}` },
    { name: 'purchase', path: `purchases/${bought}` },
    { name: 'job', path: `jobs/${job}` },
    { name: 'webhook', path: `webhooks/${webhook}` },
    { name: 'nothing', path: 'nothing/here' },
  ]
}

/** Pages that only those open who may write, and dialogs. */
export const WRITING: readonly ConsolePage[] = [
  { name: 'tokens', path: 'tokens' },
  { name: 'event-send', path: 'events/send?schema=document_read' },
  { name: 'events-correct', path: 'events/correct' },
  { name: 'plan-new', path: 'plans/new' },
  { name: 'purchase-new', path: 'purchases/new?account=calder-motors' },
  { name: 'dialog-alias', path: 'aliases', opens: 'Add aliases' },
  { name: 'dialog-customer', path: 'customers', opens: 'New customer' },
  { name: 'dialog-plan', path: 'accounts/calder-motors', opens: 'Change plan' },
  { name: 'dialog-meter', path: 'meters', opens: 'New meter' },
  { name: 'dialog-alert', path: 'alerts', opens: 'New alert' },
  { name: 'dialog-report', path: 'reports', opens: 'New report' },
  { name: 'dialog-webhook', path: 'webhooks', opens: 'New endpoint' },
  { name: 'dialog-invoice', path: 'invoices', opens: 'New invoice' },
]

/** Milliseconds in which charts are drawn. */
const DRAWING = 100

interface Finding {
  id: string
  impact: string
  help: string
  nodes: { html: string }[]
}

/** What axe finds that is serious or worse. */
const findBarriers = async (page: Page): Promise<Finding[]> => {
  await page.evaluate(axe)
  const found = await page.evaluate<{ violations: Finding[] }>('axe.run(document, { resultTypes: ["violations"] })')
  return found.violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
}

/** What is wrong with a page: something was refused, it is too wide, or axe finds a barrier. */
const findFaults = async (page: Page, { name, path, opens }: ConsolePage, picture: string): Promise<string[]> => {
  await page.goto(`/console/${path}`)
  await awaitPage(page)
  if (opens) {
    await page.getByRole('button', { name: opens, exact: true }).click()
    await page.locator('dialog[open]').waitFor()
    await page.waitForLoadState('networkidle')
  }
  await page.waitForTimeout(DRAWING)
  await page.screenshot({ path: picture, fullPage: opens === undefined })
  const refused = await page.getByRole('alert').allInnerTexts()
  const [wide, width] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]')
  const barriers = await findBarriers(page)
  return [
    ...refused.map((text) => `${name} is refused: ${text}`),
    ...(wide > width ? [`${name} is ${wide} pixels wide in ${width}`] : []),
    ...barriers.map(({ id, help, nodes }) => `${name}: axe says ${id}: ${help}: ${nodes[0]?.html.slice(0, 200)}`),
  ]
}

/** These, and the one whose address has an id. */
const listWritingPages = async (server: Server, token: string): Promise<ConsolePage[]> => {
  const { answer } = await askApi(server, token, '/price_plans?status=DRAFT')
  return [...WRITING, { name: 'plan-edit', path: `plans/${String(answer.data[0]?.['id'])}/edit` }]
}

/** Looks at each page, in the dark and wide, and in the light and narrow: pictures, axe, and that nothing is wider than the screen. */
export const holdPages = async (browser: Browser, server: Server, token: string, pictures: string, only = /./): Promise<number> => {
  const pages = [...(await listPages(server, token)), ...(await listWritingPages(server, token))].filter(({ name }) => only.test(name))
  ok(pages.length > 0, `no page is called as ${String(only)} says`)
  const faults = await Promise.all(
    (
      [
        { colorScheme: 'dark', width: 1280 },
        { colorScheme: 'light', width: 380 },
      ] as const
    ).map(async ({ colorScheme, width }) => {
      const tab = await openTab(browser, server, { colorScheme, width })
      await tab.page.goto('/console/')
      await tab.page.screenshot({ path: join(pictures, `${width}-${colorScheme}-sign-in.png`) })
      await signIn(tab.page, token)
      const found: string[] = []
      for (const one of pages) found.push(...(await findFaults(tab.page, one, join(pictures, `${width}-${colorScheme}-${one.name}.png`))))
      await closeTab(tab)
      return found.map((fault) => `${width} ${colorScheme}: ${fault}`)
    }),
  )
  ok(!faults.flat().length, faults.flat().join('\n'))
  return pages.length
}
