import { match, ok, strictEqual } from 'node:assert/strict'
import type { Browser, Page } from 'playwright-core'
import {
  type Server,
  askApi,
  closeTab,
  fillFields,
  finishDialog,
  makeToken,
  moveClock,
  openDialog,
  openTab,
  pressButton,
  signIn,
  visitPage,
} from './tab.ts'

/** Which events a meter counts. */
const MATCHER = '{">":[{"var":"attributes.gigabytes"},0]}'

const makeCatalogue = async (page: Page): Promise<void> => {
  await visitPage(page, 'Event schemas')
  await page.getByText('There is no event schema.').waitFor()
  await openDialog(page, 'New schema')
  await page.locator('dialog').getByLabel('Name', { exact: true }).first().fill('download')
  await page.locator('dialog').getByLabel('Name', { exact: true }).nth(1).fill('gigabytes')
  await finishDialog(page, 'Create schema')
  await page.getByRole('heading', { name: 'download' }).waitFor()
  await openDialog(page, 'Activate')
  await finishDialog(page, 'Activate')
  await page.locator('h1').getByText('Active').waitFor()

  await visitPage(page, 'Usage meters')
  await openDialog(page, 'New meter')
  await fillFields(page, {
    Name: 'gigabytes',
    'Name on invoices optional': 'Gigabytes downloaded',
    'Event schema': 'download',
    'The value of an event': 'gigabytes',
    'Only events for which this holds optional': MATCHER,
  })
  await finishDialog(page, 'Create meter')
  await page.getByRole('heading', { name: 'Gigabytes downloaded' }).first().waitFor()
  await openDialog(page, 'Edit')
  await fillFields(page, { 'Description optional': 'All that is downloaded' })
  await finishDialog(page, 'Save')
  await page.getByText('All that is downloaded').first().waitFor()
  await page.locator('.facts').getByText(MATCHER).waitFor()
  await openDialog(page, 'Activate')
  await finishDialog(page, 'Activate')
  await page.locator('h1').getByText('Active').waitFor()

  await visitPage(page, 'Add-ons')
  await openDialog(page, 'New add-on')
  await fillFields(page, { Name: 'Support' })
  await finishDialog(page, 'Create add-on')
  await page.getByRole('cell', { name: 'Support' }).waitFor()
}

/** Makes a plan: a fee, and two slabs. The curve says what a quantity costs before the plan is there. */
const makePlan = async (page: Page): Promise<void> => {
  await visitPage(page, 'Price plans')
  await page.getByRole('link', { name: 'New plan' }).click()
  await fillFields(page, { Name: 'Standard' })
  await pressButton(page, 'Add a fee')
  await fillFields(page, { 'Add-on': 'Support', Charged: 'After the cycle', 'Price in USD': '30' })
  await pressButton(page, 'Add usage')
  const usage = page.getByRole('group', { name: /^Usage/ })
  await usage.getByLabel('Usage meter').selectOption({ label: 'Gigabytes downloaded' })
  await usage.getByLabel('USD', { exact: true }).fill('0.25')
  await usage.getByRole('button', { name: 'Add slab' }).click()
  await usage.getByLabel('Units after').nth(1).fill('100')
  await usage.getByLabel('USD', { exact: true }).nth(1).fill('0.1')
  await usage.getByLabel('Price for', { exact: true }).last().fill('122.5')
  await usage.getByText('122.5 cost 27.25 USD').waitFor()
  /** What may be a decimal comma is refused at its field, and not taken for 305. */
  await fillFields(page, { 'Price in USD': '30,5' })
  await pressButton(page, 'Create plan')
  await page.getByRole('group', { name: /^Fee/ }).locator('.fault').getByText('type a number').waitFor()
  await fillFields(page, { 'Price in USD': '30' })
  await pressButton(page, 'Create plan')
  await page.getByRole('heading', { name: 'Standard' }).waitFor()
  await openDialog(page, 'Publish')
  await finishDialog(page, 'Publish')
  await page.locator('h1').getByText('Active').waitFor()
}

const makeCustomer = async (page: Page): Promise<void> => {
  await visitPage(page, 'Customers')
  await page.getByText('There are no customers here yet.').waitFor()
  await openDialog(page, 'New customer')
  await fillFields(page, { Id: 'acme', Name: 'ACME Enterprise', 'E-mail': 'admin@example.com', 'City optional': 'Florence' })
  await finishDialog(page, 'Create customer')
  await page.getByRole('heading', { name: 'ACME Enterprise' }).waitFor()
  await page.getByRole('region', { name: 'Accounts' }).getByRole('link', { name: 'ACME Enterprise' }).click()
  await page.getByText('The account has no price plan.').waitFor()
  await openDialog(page, 'Edit')
  await fillFields(page, { 'E-mail optional': 'pay@example.com' })
  await finishDialog(page, 'Save')
  await page.getByText('pay@example.com', { exact: true }).waitFor()
  await openDialog(page, 'Give a plan')
  await fillFields(page, { 'Price plan': 'Standard', 'From (UTC)': '2026-10-01' })
  await pressButton(page, 'Show what changes')
  await page.locator('.trial').getByText('Standard').waitFor()
  await finishDialog(page, 'Put the plan in force')
  await page.locator('.timeline').getByText('Standard').waitFor()
}

const sendEvent = async (page: Page, id: string, at: string, gigabytes: string): Promise<void> => {
  await visitPage(page, 'Events')
  await page.getByRole('link', { name: 'Send an event' }).click()
  await fillFields(page, { 'Event schema': 'download', Account: 'acme', 'Event id': id, 'Time (UTC)': at })
  await fillFields(page, { gigabytes })
  await pressButton(page, 'Show what changes')
  await page.locator('.trial').getByText('Metered').waitFor()
  await pressButton(page, 'Send event')
  await page.getByRole('heading', { level: 1, name: id }).waitFor()
  await page.locator('.pipeline').getByText('Standard').waitFor()
}

/** What a correction of events would change is shown for what is typed, and no longer when something else is typed. */
const tryCorrection = async (page: Page): Promise<void> => {
  await visitPage(page, 'Events')
  await page.getByRole('link', { name: 'Correct many' }).click()
  await fillFields(page, { Account: 'acme', 'Events from (UTC)': '2026-10-01T00:00', 'until before (UTC)': '2026-10-02T00:00' })
  await pressButton(page, 'Show what it would change')
  const changes = page.getByRole('region', { name: 'What it would change' })
  await changes.getByText('2 events. Nothing has been changed yet.').waitFor()
  await fillFields(page, { 'What shall be done': 'Revert: as if it had not been sent' })
  await changes.waitFor({ state: 'detached' })
}

/** Gives back what was paid for the invoice on the page, in two parts. */
const giveBack = async (page: Page): Promise<void> => {
  await openDialog(page, 'Give back')
  await finishDialog(page, 'Do it')
  await page.locator('h1').getByText('Refund initiated').waitFor()
  for (const [left, amount, reference] of [
    ['57.25', '50', 'R-1'],
    ['7.25', '7.25', 'R-2'],
  ] as const) {
    await openDialog(page, 'Record refund')
    await page.locator('dialog').getByText(`${left} USD are still to be given back.`, { exact: true }).waitFor()
    if (amount !== left) await fillFields(page, { 'Amount in USD': amount })
    await fillFields(page, { At: 'bank', Reference: reference })
    await finishDialog(page, 'Record refund')
  }
  await page.locator('h1').getByText('Refund completed').waitFor()
}

/** From an empty organization to an invoice that is due, and paid: all of it by hand in the pages, with a test clock. */
export const makeFirstInvoice = async (browser: Browser, server: Server): Promise<void> => {
  const token = await makeToken(server, 'Console')
  const tab = await openTab(browser, server)
  const { page } = tab
  await signIn(page, token)
  await page.getByText('Nothing. All events were processed').waitFor()
  await moveClock(page, '2026-10-01T00:00', true)
  await makeCatalogue(page)
  await makePlan(page)
  await makeCustomer(page)
  /** Without an address of its own, it is billed at that of its customer. */
  strictEqual((await askApi(server, token, '/accounts/acme')).answer['address'], undefined)
  await sendEvent(page, 'd-1', '2026-10-01T00:00', '80.5')
  await sendEvent(page, 'd-2', '2026-10-01T00:00', '42')
  await tryCorrection(page)
  await moveClock(page, '2026-11-04T00:00')

  await visitPage(page, 'Invoices')
  await page.getByRole('link', { name: '2026-11-0001' }).click()
  await page.locator('h1').getByText('Due').waitFor()
  const lines = page.getByRole('region', { name: 'Lines' })
  await lines.locator('summary').first().waitFor()
  match(await lines.innerText(), /57\.25 USD[^]*Gigabytes downloaded[^]*122\.5[^]*27\.25 USD[^]*Support[^]*30\.00 USD/)
  await lines.getByText('Gigabytes downloaded').first().click()
  await lines.getByText('2 events behind it').first().waitFor()
  strictEqual(await page.locator('.facts dd').first().innerText(), '57.25 USD')

  await openDialog(page, 'Record payment')
  await fillFields(page, { At: 'bank', Reference: 'T-1' })
  await finishDialog(page, 'Record payment')
  await page.locator('h1').getByText('Paid').waitFor()
  const { answer } = await askApi(server, token, '/invoices?status=PAID')
  strictEqual(answer.data[0]?.['sequenceId'], '2026-11-0001')
  strictEqual(answer.data[0]['paidAmount'], 57.25)
  await giveBack(page)

  await page.goBack()
  await page.getByRole('heading', { level: 1, name: 'Invoices' }).waitFor()
  ok(await page.getByRole('link', { name: '2026-11-0001' }).isVisible(), 'the list is not what it was')
  await closeTab(tab)
}
