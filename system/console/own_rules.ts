import { deepStrictEqual, strictEqual } from 'node:assert/strict'
import type { Page } from 'playwright-core'
import { type Server, askApi, finishDialog, openDialog, pressButton } from './tab.ts'

/** Rules that were tried and left again leave nothing behind, and a draft that somebody else has made as it was. */
const leaveRules = async (page: Page, server: Server, token: string): Promise<void> => {
  const listDraft = async () => (await askApi(server, token, '/v2/accounts/acme/schedules?mode=DRAFT')).answer.data
  const schedule = page.url().split('/').at(-1) ?? ''
  const computation = page.getByRole('group', { name: 'Rule Loyalty' }).getByLabel('Computation')
  const tryAndLeave = async (): Promise<void> => {
    await pressButton(page, 'Change the rules')
    await computation.fill('-3')
    await pressButton(page, 'Show what changes')
    await page.locator('.trial').waitFor()
    await pressButton(page, 'Cancel')
    await page.getByRole('button', { name: 'Change the rules' }).waitFor()
  }
  await tryAndLeave()
  deepStrictEqual(await listDraft(), [])
  const rule = { name: 'Loyalty', order: 1, computation: '-4', action: { type: 'ADD', description: 'A tenth less' } }
  const path = `/v2/schedules/${schedule}/pricing_rules`
  const put = await askApi(server, token, path, { pricingRules: [rule] }, 'PUT')
  strictEqual(put.status, 200, JSON.stringify(put.answer))
  await page.reload()
  await page.getByText('There is a draft of the schedules of this account.').waitFor()
  await tryAndLeave()
  const { answer } = await askApi(server, token, `${path}?mode=DRAFT`)
  deepStrictEqual(
    answer.data.map(({ computation: drafted }) => drafted),
    ['-4'],
  )
  await openDialog(page, 'Discard the draft')
  await finishDialog(page, 'Discard the draft')
  await page.getByText('There is a draft of the schedules of this account.').waitFor({ state: 'detached' })
}

/** An account is given rules of its own from tomorrow on: one that is wrong is named at its field, and nothing is in force before it is right. */
export const holdOwnRules = async (page: Page, server: Server, token: string, plan: string): Promise<void> => {
  await askApi(server, token, '/customers', {
    id: 'acme',
    name: 'ACME',
    primaryEmail: 'acme@example.com',
    address: {},
    account: { id: 'acme', name: 'ACME', invoiceCurrency: 'USD' },
  })
  const days = { effectiveFrom: new Date().toISOString().slice(0, 10), effectiveUntil: '9999-01-01' }
  const given = await askApi(server, token, '/accounts/acme/price_plans', { pricePlanId: plan, ...days })
  strictEqual(given.status, 200, JSON.stringify(given.answer))
  await page.goto('/console/accounts/acme')
  await page.getByRole('region', { name: 'Price plans' }).getByRole('link', { name: 'Everything' }).click()
  await page.getByRole('region', { name: 'Entitlements', exact: true }).waitFor()
  const loyalty = page.getByRole('group', { name: 'Rule Loyalty' })
  await leaveRules(page, server, token)
  await pressButton(page, 'Change the rules')
  await loyalty.getByLabel('Computation').fill('{"var": "usage.urc.nothing"}')
  await pressButton(page, 'Show what changes')
  await loyalty.getByText(/reads usage.urc.nothing/).waitFor()
  await loyalty.getByLabel('Computation').fill('-7.5')
  await pressButton(page, 'Show what changes')
  await page
    .locator('.trial')
    .getByText(/rules of the account alone/)
    .waitFor()
  await pressButton(page, 'Put the rules in force')
  await page.getByRole('region', { name: 'Price plans' }).getByRole('row', { name: /yes/ }).waitFor()
  const { answer } = await askApi(server, token, '/v2/accounts/acme/schedules?mode=ACTIVE')
  const rules = answer.data.map(
    ({ accountScheduleInfo }) => (accountScheduleInfo as { pricingRules?: { computation: string }[] }).pricingRules,
  )
  deepStrictEqual(
    rules.map((list) => list?.map(({ computation }) => computation)),
    [
      ['20', '-5'],
      ['20', '-7.5'],
    ],
  )
}
