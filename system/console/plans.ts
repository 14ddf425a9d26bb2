import { deepStrictEqual, match, ok, strictEqual } from 'node:assert/strict'
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
import { holdOwnRules } from './own_rules.ts'

/** The most digits that the API takes, and more of them: the page lives with both. */
const [EXACT, LONGER] = ['0.123456789012345', '0.12345678901234567890123']

interface Made {
  token: string
  feature: string
  credit: string
  support: string
}

/** Makes what the plan prices, as a program does. */
const makePriced = async (server: Server, organization: string): Promise<Made> => {
  const token = await makeToken(server, organization)
  const idOf = async (path: string, body: object): Promise<string> => {
    const { answer, status } = await askApi(server, token, path, body)
    strictEqual(status, 200, JSON.stringify(answer))
    return String(answer['id'])
  }
  await askApi(server, token, '/event_schema', { name: 'export', attributes: [{ name: 'documents' }], dimensions: [] })
  await askApi(server, token, '/event_schema/export/activate', {})
  return {
    token,
    feature: await idOf('/features', {
      name: 'exports',
      billableName: 'Exports',
      schemaAssociations: [{ schemaName: 'export', attributeName: 'documents' }],
    }),
    credit: await idOf('/addons', { name: 'Welcome', type: 'CREDIT_GRANT' }),
    support: await idOf('/addons', { name: 'Support', type: 'FIXED_FEE' }),
  }
}

const typePlan = async (page: Page): Promise<void> => {
  await visitPage(page, 'Price plans')
  await page.getByRole('link', { name: 'New plan' }).click()
  await fillFields(page, { Name: 'Everything', Currencies: 'USD, EUR' })
  await pressButton(page, 'Add a fee')
  const fee = page.getByRole('group', { name: /^Fee/ })
  await fee.getByLabel('Add-on').selectOption({ label: 'Support' })
  await fee.getByLabel('Price in USD').fill('30')
  await fee.getByLabel('Price in EUR').fill('28')
  await pressButton(page, 'Add an entitlement')
  const entitlement = page.getByRole('group', { name: /^Entitlement/ })
  await entitlement.getByLabel('Feature').selectOption({ label: 'Exports' })
  await entitlement.getByLabel('Charged').selectOption({ label: 'Before it is granted' })
  await entitlement.getByLabel('Units', { exact: true }).fill('500')
  await entitlement.getByLabel('Usable for').fill('P1Y')
  await entitlement.getByLabel('USD', { exact: true }).fill('40')
  await entitlement.getByLabel('EUR', { exact: true }).fill('37.5')
  await pressButton(page, 'Add use beyond an entitlement')
  const overage = page.getByRole('group', { name: /^Beyond/ })
  await overage.getByLabel('Feature').selectOption({ label: 'Exports' })
  await overage.getByLabel('Name in the plan').fill('more exports')
  await overage.getByLabel('EUR', { exact: true }).fill('0.1')
  await overage.getByLabel('USD', { exact: true }).fill(LONGER)
  await overage.getByRole('alert').getByText('at most 15 digits').waitFor()
  await overage.getByLabel('USD', { exact: true }).fill(EXACT)
  await overage.getByLabel('Price for', { exact: true }).last().fill('1')
  await overage.getByText(`1 cost ${EXACT} USD`).waitFor()
  await overage.getByText('More of this card').click()
  await overage.getByLabel('At most, in all in USD').fill('1,000.50')
  await pressButton(page, 'Add a credit grant')
  const grant = page.getByRole('group', { name: /^Credit grant/ })
  await grant.getByLabel('Add-on').selectOption({ label: 'Welcome' })
  await grant.getByLabel('The credit ends').selectOption({ label: 'After a time' })
  await grant.getByLabel('After', { exact: true }).fill('P6M')
  for (const [currency, amount] of [
    ['USD', '100'],
    ['EUR', '93'],
  ] as const) {
    await grant.getByLabel(`Credit in ${currency}`).fill(amount)
    await grant.getByLabel(currency, { exact: true }).fill('0')
  }
}

/** A rule that reads what the plan does not have is refused at its field, and then is mended and moved. */
const typeRules = async (page: Page, support: string): Promise<void> => {
  await pressButton(page, 'Add a rule')
  const first = page.getByRole('group', { name: /^Rule/ }).first()
  await first.getByLabel('Name').fill('Loyalty')
  await first.getByLabel('Text on the invoice').fill('A tenth less')
  await first.getByLabel('Computation').fill('{"*": [{"var": "revenue.rate_card_total"}, ')
  await first.getByText('This is no JSON yet').waitFor()
  await first.getByLabel('Computation').fill('{"*": [{"var": "revenue.ff.nothing"}, -0.1]}')
  await pressButton(page, 'Add a rule')
  const second = page.getByRole('group', { name: /^Rule/ }).nth(1)
  await second.getByLabel('Name').fill('Cheaper support')
  await second.getByLabel('What it does').selectOption({ label: 'Sets the cost or the usage of a rate card' })
  await second.getByLabel('What it sets').fill(`revenue.ff.${support}`)
  await second.getByLabel('Condition').fill(`{">": [{"var": "revenue.ff.${support}"}, 20]}`)
  await second.getByLabel('Computation').fill('20')
  await second.getByLabel('Changes what is billed').selectOption({ label: 'In advance, when the cycle begins' })
  await pressButton(page, 'Create plan')
  const wrong = page.getByRole('group', { name: 'Rule Loyalty' })
  await wrong.getByText(/reads revenue.ff.nothing/).waitFor()
  strictEqual(await wrong.getByLabel('Computation').getAttribute('aria-invalid'), 'true')
  strictEqual(await page.getByRole('group', { name: 'Rule Cheaper support' }).locator('.fault').count(), 0)
  await wrong.getByLabel('Computation').fill('{"*": [{"var": "revenue.rate_card_total"}, -0.1]}')
  await wrong.getByRole('button', { name: 'Run later' }).click()
  match(await page.getByRole('group', { name: /^Rule/ }).last().innerText(), /Rule 2/)
}

/** What the editor sent is what was typed. */
const holdSent = async (server: Server, { token, feature, credit, support }: Made, id: string): Promise<void> => {
  const response = await fetch(`${server.url}/price_plans/${id}`, { headers: { Authorization: `Bearer ${token}` } })
  const text = await response.text()
  ok(text.includes(`"rate":${EXACT}`), `the price lost digits: ${text}`)
  const plan = JSON.parse(text) as {
    pricingSchedule: [{ pricePlanDetails: Record<string, never[]>; pricingRules: Record<string, unknown>[] }]
  }
  const { pricePlanDetails: details, pricingRules: rules } = plan.pricingSchedule[0]
  const only = (list: string): Record<string, unknown> => details[list]?.[0] ?? {}
  const { featureId, invoiceTiming, featureConfigs } = only('billingEntitlementRateCards')
  deepStrictEqual([featureId, invoiceTiming, featureConfigs], [feature, 'PREPAID', [{ effectiveUntil: 'P1Y', featureCreditLimit: 500 }]])
  const { rateValues } = only('entitlementOverageRateCards') as { rateValues: { rateConfig?: object }[] }
  deepStrictEqual(rateValues[0]?.rateConfig, { maximumRate: '1000.50' })
  const { id: granted, grantDetails } = only('creditGrantRateCards')
  deepStrictEqual([granted, grantDetails], [credit, { priority: 1, expiryType: 'CUSTOM', expiryDuration: 'P6M' }])
  deepStrictEqual(
    rules.map(({ name, order, invoiceTiming: bills, action }) => [name, order, bills, action]),
    [
      ['Cheaper support', 1, 'IN_ADVANCE', { type: 'UPDATE', target: `revenue.ff.${support}` }],
      ['Loyalty', 2, 'IN_ARREARS', { type: 'ADD', description: 'A tenth less' }],
    ],
  )
}

/** The editor begins with the plan as it is when it is opened, though the page before shows what it was. */
const holdFreshEditor = async (page: Page, server: Server, token: string, id: string): Promise<void> => {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const body = JSON.stringify({ description: 'Changed by a program' })
  strictEqual((await fetch(`${server.url}/price_plans/${id}`, { method: 'PATCH', headers, body })).status, 200)
  await page.getByRole('link', { name: 'Edit', exact: true }).click()
  strictEqual(await page.getByLabel('Description optional').inputValue(), 'Changed by a program')
  await page.getByText('1 year after the grant').waitFor()
  await page.goBack()
}

/** A plan with an entitlement, what lies beyond it, a credit grant and two rules is typed, published, changed, and compared with what it was. */
export const holdPlans = async (browser: Browser, server: Server, organization = 'Console plans'): Promise<void> => {
  const made = await makePriced(server, organization)
  const tab = await openTab(browser, server, { expected: BROUGHT_ABOUT })
  const { page } = tab
  await signIn(page, made.token)
  await typePlan(page)
  await typeRules(page, made.support)
  await pressButton(page, 'Create plan')
  await page.getByRole('heading', { name: 'Everything' }).waitFor()
  const id = page.url().split('/').at(-1) ?? ''
  await holdSent(server, made, id)
  await holdFreshEditor(page, server, made.token, id)
  await page.getByRole('region', { name: 'Entitlements', exact: true }).getByText('1 year after the grant').waitFor()
  await page.getByRole('region', { name: 'Credits that are granted' }).getByText('100.00 USD').waitFor()
  await page.getByRole('region', { name: 'Beyond entitlements' }).getByText('at most 1,000.50 USD').waitFor()
  await page.getByRole('table').getByText('Adds A tenth less').waitFor()
  await openDialog(page, 'Publish')
  await finishDialog(page, 'Publish')
  await page.locator('h1').getByText('Active').waitFor()

  await page.getByRole('link', { name: 'Edit', exact: true }).click()
  const entitlement = page.getByRole('group', { name: /^Entitlement/ })
  strictEqual(await entitlement.getByLabel('Usable for').inputValue(), 'P1Y')
  await entitlement.getByLabel('Units', { exact: true }).fill('600')
  await page.getByRole('group', { name: 'Rule Loyalty' }).getByLabel('Computation').fill('-5')
  await pressButton(page, 'Publish as the next version')
  await page.getByRole('link', { name: 'What changed' }).click()
  const differences = page.getByRole('table')
  await differences.getByText('600').waitFor()
  const rows = await differences.getByRole('row').allInnerTexts()
  ok(
    rows.some((row) => /^Entitlements › Exports › Units › 1 .*500\s+600$/.test(row)),
    rows.join('\n'),
  )
  ok(
    rows.some((row) => /^Pricing rules › Loyalty › Computation.*-5$/.test(row)),
    rows.join('\n'),
  )
  strictEqual(rows.length, 4, `more is different than was typed: ${rows.join('\n')}`)
  await holdOwnRules(page, server, made.token, id)
  await closeTab(tab)
}
