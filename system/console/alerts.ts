import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
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
  pressButton,
  refuseField,
  signIn,
  visitPage,
} from './tab.ts'

const EVENT = { id: 'e-1', schemaName: 'unknown', timestamp: '2026-10-01T00:10:00Z', accountId: 'nobody', attributes: [], dimensions: {} }

const makeAlert = async (page: Page): Promise<void> => {
  await visitPage(page, 'Alerts')
  await page.getByText('There is no alert.').waitFor()
  await openDialog(page, 'New alert')
  await fillFields(page, { 'What it watches': 'Unprocessed events (organization)', 'Threshold optional': 'many' })
  await refuseField(page, 'Create alert', 'Threshold optional', /type a number/)
  await fillFields(page, { 'Threshold optional': '-1' })
  await refuseField(page, 'Create alert', 'Threshold optional', /must be/)
  await fillFields(page, { 'Threshold optional': '1', 'Minutes between checks': '45' })
  await refuseField(page, 'Create alert', 'Minutes between checks', /must be a multiple of 30/)
  await fillFields(page, { 'Minutes between checks': '30', 'Valid for minutes optional': '30' })
  await refuseField(page, 'Create alert', 'Valid for minutes optional', /must be more than 30/)
  await fillFields(page, { 'Valid for minutes optional': '600', 'Description optional': 'Watch' })
  await finishDialog(page, 'Create alert')
  await page.getByText('Watch', { exact: true }).waitFor()
}

/** An alert is made, changed, stopped and started, opens an incident when the clock has moved, which is closed, and ends: all by hand in the pages. */
export const holdAlerts = async (browser: Browser, server: Server): Promise<void> => {
  const token = await makeToken(server, 'Watching')
  const tab = await openTab(browser, server, { expected: BROUGHT_ABOUT })
  const { page } = tab
  const readAlert = async () => (await askApi(server, token, '/alerts')).answer.data[0] ?? {}
  const status = (name: string) => page.getByRole('region', { name: 'Alerts' }).getByText(name, { exact: true })
  await signIn(page, token)
  await moveClock(page, '2026-10-01T00:00', true)
  await makeAlert(page)

  await openDialog(page, 'Edit')
  const aligned = await page.evaluate<string>('getComputedStyle(document.querySelector("dialog")).textAlign')
  strictEqual(aligned, 'start', 'the dialog is aligned as the cell of its button is')
  await fillFields(page, { 'Description optional': '', 'Valid for minutes optional': '', 'Threshold optional': '2' })
  await finishDialog(page, 'Save')
  const { description, validity, parameters, id } = await readAlert()
  deepStrictEqual([description, validity, parameters], [undefined, undefined, { threshold: { value: 2 } }])
  await openDialog(page, 'Edit')
  await fillFields(page, { 'Threshold optional': '1' })
  strictEqual((await askApi(server, token, `/alerts/${String(id)}`, { description: 'Changed by another' }, 'PATCH')).status, 200)
  await pressButton(page, 'Save')
  await page.getByRole('alert').getByText('Somebody has changed this').waitFor()
  await page.keyboard.press('Escape')
  await page.locator('dialog').waitFor({ state: 'detached' })
  await page.reload()
  await page.getByText('Changed by another').waitFor()
  await openDialog(page, 'Edit')
  await fillFields(page, { 'Threshold optional': '1' })
  await finishDialog(page, 'Save')

  await openDialog(page, 'Stop')
  await finishDialog(page, 'Stop')
  await status('Inactive').waitFor()
  await openDialog(page, 'Start')
  await finishDialog(page, 'Start')
  await status('Active').waitFor()

  strictEqual((await askApi(server, token, '/ingest', { event: EVENT })).status, 202)
  await moveClock(page, '2026-10-01T00:31')
  await page.getByRole('link', { name: 'List' }).click()
  await page.getByRole('heading', { level: 1, name: 'Incidents' }).waitFor()
  const incident = page.getByRole('row').filter({ hasText: 'Unprocessed events' })
  await incident.getByText('Open', { exact: true }).waitFor()
  await openDialog(page, 'Close')
  await finishDialog(page, 'Close')
  await incident.getByText('Closed', { exact: true }).waitFor()
  ok(!(await page.getByRole('button', { name: 'Close' }).isVisible()), 'an incident can be closed twice')

  await visitPage(page, 'Alerts')
  await openDialog(page, 'Edit')
  await fillFields(page, { 'Valid for minutes optional': '60' })
  await finishDialog(page, 'Save')
  await moveClock(page, '2026-10-01T02:00')
  await status('Inactive').waitFor()
  await openDialog(page, 'Start')
  await pressButton(page, 'Start')
  await page.getByRole('alert').getByText('is over, since its validity has ended').waitFor()
  await closeTab(tab)
}
