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
  openDialog,
  openTab,
  pressButton,
  signIn,
  visitPage,
} from './tab.ts'

/** The third row has a word for a number, the fourth an e-mail that is none, and the fifth a plan that is not there. */
const FILE = `customer_id;customer_name;account_id;account_name;email;currency;net_term_days;aliases;price_plan;plan_from
tide;Tidewater, Boats;tide;"Tidewater; Boats";pay@tide.example;EUR;30;boats-one|boats-two;Standard;2026-01-01
tide;Tidewater, Boats;tide-two;Tidewater Two;;EUR;;;;
zephyr;Zephyr Wind;zephyr;Zephyr Wind;pay@zephyr.example;USD;thirty;;;
umber;Umber Homes;umber;Umber Homes;pay-umber;USD;;;;
tide;;tide-three;Tidewater Three;;EUR;;;Nothing;2026-01-01
`

const MENDED = FILE.replace('thirty', '30').replace('pay-umber', 'pay@umber.example').replace('Nothing', 'Standard')

const makePlan = async (server: Server, token: string): Promise<void> => {
  const addOn = await askApi(server, token, '/addons', { name: 'Support', type: 'FIXED_FEE' })
  const rateValues = [
    { currency: 'USD', rate: 30 },
    { currency: 'EUR', rate: 28 },
  ]
  const { answer } = await askApi(server, token, '/price_plans', {
    name: 'Standard',
    pricePlanDetails: {
      supportedCurrencies: ['USD', 'EUR'],
      pricingCycleConfig: { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 3 },
      fixedFeeRateCards: [{ id: addOn.answer['id'], enableProration: true, rateValues }],
    },
  })
  await askApi(server, token, `/price_plans/${String(answer['id'])}/activate`, { currencies: ['USD', 'EUR'] })
}

const importFile = async (page: Page, server: Server, token: string): Promise<void> => {
  await visitPage(page, 'Import')
  await page.getByLabel('Rows', { exact: true }).fill(`${FILE}\nopen;"Open`)
  await pressButton(page, 'Check the rows')
  await page.getByText('The quotes that are opened in line 8 are not closed.').waitFor()
  await page.getByLabel('Rows', { exact: true }).fill(FILE)
  await pressButton(page, 'Check the rows')
  await page.getByText('3 of 5 rows are wrong. Nothing has been made yet.').waitFor()
  const row = (line: number) =>
    page
      .locator('tbody')
      .getByRole('row')
      .nth(line - 2)
  ok((await row(4).innerText()).includes('"thirty" is no whole number of days'), await row(4).innerText())
  ok((await row(5).innerText()).includes('primaryEmail'), await row(5).innerText())
  ok((await row(6).innerText()).includes('no published plan has the name or id "Nothing"'), await row(6).innerText())
  ok(await page.getByRole('button', { name: /^Import/ }).isDisabled(), 'rows that are wrong can be imported')
  deepStrictEqual((await askApi(server, token, '/customers')).answer.data, [])

  await page.getByLabel('Leave out the rows that are wrong').check()
  await pressButton(page, 'Import 2 rows')
  await page.getByText('2 rows are made.').waitFor()
  const of = async (path: string): Promise<string[]> =>
    (await askApi(server, token, path)).answer.data.map(({ id }) => String(id)).toSorted((one, other) => (one < other ? -1 : 1))
  deepStrictEqual(await of('/accounts?customer_id=tide'), ['tide', 'tide-two'])
  const { answer: tide } = await askApi(server, token, '/accounts/tide')
  deepStrictEqual([tide['name'], tide['netTermDays'], tide['invoiceCurrency']], ['Tidewater; Boats', 30, 'EUR'])
  const schedules = async () =>
    (await askApi(server, token, '/accounts/tide/pricing_schedules?start_date=1970-01-01T00:00:00Z')).answer.data
  const given = await schedules()
  strictEqual(given.length, 1)

  await page.getByLabel('Or a file').setInputFiles({ name: 'accounts.csv', mimeType: 'text/csv', buffer: Buffer.from(MENDED) })
  await pressButton(page, 'Check the rows')
  await page.getByText('All 5 rows are right. Nothing has been made yet.').waitFor()
  strictEqual(await page.getByText('There already').count(), 2)
  await pressButton(page, 'Import 5 rows')
  await page.getByText('5 rows are made.').waitFor()
  deepStrictEqual(await of('/accounts'), ['tide', 'tide-three', 'tide-two', 'umber', 'zephyr'])
  deepStrictEqual(await schedules(), given, 'a plan was given twice')
}

/** An account that is restored does not get back an alias that another one has now, and says so before. */
const restoreAccount = async (page: Page, server: Server, token: string): Promise<void> => {
  strictEqual((await askApi(server, token, '/accounts/zephyr', undefined, 'DELETE')).status, 200)
  strictEqual((await askApi(server, token, '/accounts/umber/add_aliases', { aliases: ['gale'] })).status, 200)
  await page.goto('/console/accounts/zephyr')
  await page.locator('h1').getByText('Archived').waitFor()
  await openDialog(page, 'Restore')
  await pressButton(page, 'Show what changes')
  await page
    .locator('.trial li')
    .filter({ hasText: /gale.*umber/ })
    .waitFor()
  strictEqual((await askApi(server, token, '/accounts/zephyr')).answer['status'], 'ARCHIVED')
  await finishDialog(page, 'Restore account')
  await page.locator('h1').getByText('Active').waitFor()
}

/** Rows of a file are tried, some of them are wrong, and the file is run again once it is mended; and an alias that waits is given to an account, and to another one. */
export const holdImports = async (browser: Browser, server: Server, organization = 'Console imports'): Promise<void> => {
  const token = await makeToken(server, organization)
  await makePlan(server, token)
  const tab = await openTab(browser, server, { expected: BROUGHT_ABOUT })
  const { page } = tab
  await signIn(page, token)
  await importFile(page, server, token)

  await visitPage(page, 'Aliases')
  await page.getByText('No alias waits for an account.').waitFor()
  await openDialog(page, 'Add aliases')
  await fillFields(page, { Aliases: 'gale\nbreeze' })
  await finishDialog(page, 'Add aliases')
  await page.getByRole('row', { name: /gale/ }).getByRole('button', { name: 'Give', exact: true }).click()
  await fillFields(page, { Account: 'zephyr' })
  await finishDialog(page, 'Give alias')
  await page.getByRole('row', { name: /gale/ }).waitFor({ state: 'detached' })
  await page.getByRole('row', { name: /breeze/ }).waitFor()
  const { answer } = await askApi(server, token, '/accounts/zephyr/account_aliases')
  deepStrictEqual(
    answer.data.map(({ value }) => value),
    ['gale'],
  )
  await page.getByLabel('Which').selectOption({ label: 'All' })
  await page.waitForURL('**/aliases?all=yes')
  await page.getByRole('row', { name: /gale/ }).waitFor()
  await restoreAccount(page, server, token)
  await closeTab(tab)
}
