import { strictEqual } from 'node:assert/strict'
import type { Browser } from 'playwright-core'
import {
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

/** Makes an account, and a pack of units of a feature that is bought once, as a program does. */
const makePack = async (server: Server, token: string): Promise<void> => {
  const idOf = async (path: string, body: object): Promise<string> => {
    const { answer, status } = await askApi(server, token, path, body)
    strictEqual(status < 300, true, JSON.stringify(answer))
    return String(answer['id'])
  }
  await askApi(server, token, '/event_schema', { name: 'export', attributes: [{ name: 'documents' }], dimensions: [] })
  await askApi(server, token, '/event_schema/export/activate', {})
  const schemaAssociations = [{ schemaName: 'export', attributeName: 'documents' }]
  const featureId = await idOf('/features', { name: 'exports', billableName: 'Exports', schemaAssociations })
  const pack = await idOf('/price_plans', {
    name: 'Export pack',
    type: 'PURCHASE',
    pricePlanDetails: {
      supportedCurrencies: ['USD'],
      billingEntitlementRateCards: [
        {
          featureId,
          name: 'exports',
          invoiceTiming: 'PREPAID',
          featureConfigs: [{ effectiveUntil: 'P1Y', featureCreditLimit: 5000 }],
          ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'FLAT' }] },
          rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: 60.25 }] }],
        },
      ],
    },
  })
  await askApi(server, token, `/price_plans/${pack}/activate`, { currencies: ['USD'] })
  const account = { id: 'acme', name: 'ACME', invoiceCurrency: 'USD' }
  await askApi(server, token, '/customers', { id: 'acme', name: 'ACME', primaryEmail: 'acme@example.com', address: {}, account })
}

/** A pack is proposed to an account, approved, paid by hand and granted; another one is declined; a third is bought, and cancelled. */
export const holdOffers = async (browser: Browser, server: Server, organization = 'Console offers'): Promise<void> => {
  const token = await makeToken(server, organization)
  await makePack(server, token)
  const tab = await openTab(browser, server)
  const { page } = tab
  await signIn(page, token, '/console/accounts/acme')
  const propose = async (how: string, action: string): Promise<void> => {
    await page.getByRole('link', { name: 'Propose a purchase' }).click()
    await page.getByRole('heading', { level: 1, name: 'New proposal or purchase' }).waitFor()
    await fillFields(page, { How: how, 'Price plan': 'Export pack', 'How often optional': '2' })
    await pressButton(page, 'Show what changes')
    await page.locator('.trial').getByText('120.50 USD').waitFor()
    strictEqual((await askApi(server, token, '/purchases')).answer.data.filter(({ accountId }) => accountId === 'acme').length, made)
    await pressButton(page, action)
    made++
  }
  let made = 0
  await propose('Propose it: paid first, then done', 'Propose it')
  await page.locator('h1').getByText('Open').waitFor()
  const first = page.url().split('/').at(-1) ?? ''
  await openDialog(page, 'Approve')
  await pressButton(page, 'Show what changes')
  await page.locator('.trial').getByText('An order of 120.50 USD falls due').waitFor()
  strictEqual((await askApi(server, token, `/purchase_proposals/${first}`)).answer['status'], 'PROPOSAL_ACTIVE')
  await finishDialog(page, 'Approve it')
  await page.locator('h1').getByText('Pending').waitFor()
  await page.getByRole('region', { name: 'What was billed' }).first().getByRole('row', { name: /Due/ }).getByRole('link').click()
  await openDialog(page, 'Record payment')
  await fillFields(page, { At: 'bank', Reference: 'T-1' })
  await finishDialog(page, 'Record payment')
  await page.locator('h1').getByText('Paid').waitFor()
  await page.goto(`/console/proposals/${first}`)
  await page.locator('h1').getByText('Success').waitFor()
  await page
    .getByRole('region', { name: 'Units of features' })
    .getByRole('row', { name: /exports.*10,000.*10,000/ })
    .waitFor()

  await page.goto('/console/accounts/acme')
  await propose('Propose it: done when approved, then billed', 'Propose it')
  await page.locator('h1').getByText('Open').waitFor()
  await openDialog(page, 'Decline')
  await finishDialog(page, 'Decline it')
  await page.locator('h1').getByText('Declined').waitFor()

  await page.goto('/console/accounts/acme')
  await propose('Buy it now: its order falls due', 'Buy it')
  await page.locator('h1').getByText('Pending').waitFor()
  await openDialog(page, 'Cancel the order')
  await finishDialog(page, 'Cancel the order')
  await page.locator('h1').getByText('Failure').waitFor()

  await visitPage(page, 'Purchases')
  await page.getByRole('row', { name: /Declined/ }).waitFor()
  await page.getByLabel('Status').selectOption({ label: 'Purchases that are done' })
  await page.waitForURL('**/purchases?status=SUCCESS')
  await page.getByRole('row', { name: /Success/ }).waitFor()
  strictEqual(await page.locator('tbody').getByRole('row').count(), 1)
  await page.reload()
  await page.getByRole('row', { name: /Approved.*Success/ }).waitFor()
  await closeTab(tab)
}
