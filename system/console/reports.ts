import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import {
  BROUGHT_ABOUT,
  type Server,
  askApi,
  closeTab,
  fillFields,
  finishDialog,
  makeToken,
  moveClock,
  openDialog,
  openTab,
  refuseField,
  signIn,
  visitPage,
} from './tab.ts'

/** How long a report may take to be made, in milliseconds. */
const LONGEST = 40_000

/** What is asked about, and the first line of a file of the columns that are offered. */
const TABLES: readonly (readonly [about: string, columns: readonly string[]])[] = [
  ['Usage', ['account_id', 'customer_id', 'billable_id', 'event_time', 'usage_units']],
  ['Revenue', ['account_id', 'customer_id', 'billable_id', 'revenue_time', 'revenue_invoice_currency', 'revenue_base_currency']],
  ['Invoices', ['id', 'owner_id', 'status', 'class', 'total_amount', 'due_date', 'created_at']],
  ['Events', ['event_id', 'account_id', 'customer_id', 'ingestion_status', 'event_source_time']],
  ['License entries', ['account_id', 'license_id', 'quantity', 'effective_from', 'created_at']],
  ['Accounts', ['account_id', 'customer_id', 'name', 'invoice_currency', 'primary_email', 'created_at', 'tags']],
]

const rowOf = (page: Page, name: string) =>
  page.getByRole('region', { name: 'Reports', exact: true }).getByRole('row').filter({ hasText: name })

/** Downloads the file of a report by its link, as a person does. */
const download = async (page: Page, name: string): Promise<string> => {
  const link = rowOf(page, name).first().getByRole('link', { name: 'CSV' })
  await link.waitFor({ timeout: LONGEST })
  const [file] = await Promise.all([page.waitForEvent('download'), link.click()])
  match(file.suggestedFilename(), /\.csv$/)
  return readFileSync(await file.path(), 'utf8')
}

const makeReport = async (page: Page): Promise<void> => {
  await openDialog(page, 'New report')
  await fillFields(page, { Name: 'Customers of today', About: 'Customers', 'Rows at most': 'all' })
  await refuseField(page, 'Make report', 'Rows at most', /type a number/)
  await fillFields(page, { 'Rows at most': '0' })
  await refuseField(page, 'Make report', 'Rows at most', /must be/)
  await fillFields(page, { 'Rows at most': '100', About: 'Accounts' })
  await page.locator('dialog').getByRole('button', { name: 'Add filter' }).click()
  const filter = page.locator('dialog').getByRole('group', { name: 'Only rows in which' })
  await filter.getByLabel('Column').selectOption({ label: 'Created at' })
  await filter.getByLabel('Value').fill('yesterday')
  await refuseField(page, 'Make report', 'Value', /must be|is no|date/)
  await fillFields(page, { About: 'Customers' })
  await finishDialog(page, 'Make report')
}

/** A report is made of the columns that are offered for each table, and downloaded, byte for byte; and one that is made each day. */
export const holdReports = async (browser: Browser, server: Server): Promise<void> => {
  const token = await makeToken(server, 'Reported')
  const tab = await openTab(browser, server, { expected: BROUGHT_ABOUT })
  const { page } = tab
  for (const [id, name] of [
    ['b', 'Bäcker, "Söhne"'],
    ['a', '=1+1'],
  ]) {
    const customer = { id, name, primaryEmail: 'a@example.com', address: {}, account: { id: `of ${id}`, name: 'Main' } }
    strictEqual((await askApi(server, token, '/customers', customer)).status, 201)
  }
  await signIn(page, token)
  await moveClock(page, '2027-01-01T00:00', true)
  await visitPage(page, 'Reports')
  await page.getByText('There is no report yet.').waitFor()
  await makeReport(page)
  await rowOf(page, 'Customers of today')
    .getByText(/^(Queued|Running|Upload pending|Completed)$/)
    .waitFor()
  strictEqual(await download(page, 'Customers of today'), 'id,name\r\na,\'=1+1\r\nb,"Bäcker, ""Söhne"""\r\n')
  await rowOf(page, 'Customers of today').getByText('Completed').waitFor()

  for (const [about] of TABLES) {
    await openDialog(page, 'New report')
    await fillFields(page, { Name: `About ${about}`, About: about })
    await finishDialog(page, 'Make report')
  }
  for (const [about, columns] of TABLES) {
    const [head = '', ...lines] = (await download(page, `About ${about}`)).split('\r\n')
    deepStrictEqual(
      head.split(',').map((cell) => cell.replace(/^sum_(.*)$/, '$1')),
      columns,
    )
    if (about === 'Accounts') match(lines.join('\n'), /^of a,a,Main,USD,[^]*\nof b,b,Main,USD,/)
  }

  await openDialog(page, 'New report')
  await fillFields(page, { Name: 'Accounts of the day', About: 'Accounts', 'Made optional': 'Each day' })
  await page.locator('dialog').getByRole('button', { name: 'Add filter' }).click()
  const filter = page.locator('dialog').getByRole('group', { name: 'Only rows in which' })
  await filter.getByLabel('Column').selectOption({ label: 'Created at' })
  await filter.getByLabel('How').selectOption({ label: 'is below or before' })
  await filter.getByLabel('Value').fill('{{then}}')
  await refuseField(page, 'Keep this report', 'Value', /must be|from|date/)
  await filter.getByLabel('Value').fill('{{until}}')
  await finishDialog(page, 'Keep this report')
  const template = page.getByRole('region', { name: 'Made each period' }).getByRole('row').filter({ hasText: 'Accounts of the day' })
  await template.getByText('Daily').waitFor()
  await moveClock(page, '2027-01-02T00:00')
  match(await download(page, 'Accounts of the day'), /^account_id,customer_id,[^]*\r\nof a,a,[^]*\r\nof b,b,[^]*\r\n$/)
  await template.getByRole('button', { name: 'Stop' }).click()
  await page.locator('dialog[open]').waitFor()
  await finishDialog(page, 'Stop')
  await template.getByText('Inactive').waitFor()
  await moveClock(page, '2027-01-04T00:00')
  strictEqual(await rowOf(page, 'Accounts of the day').count(), 1, 'a report is made of a template that was stopped')
  ok(!(await page.getByRole('alert').isVisible()), 'the page says that something is wrong')
  await closeTab(tab)
}
