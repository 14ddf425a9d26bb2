import { ok, strictEqual } from 'node:assert/strict'
import type { Browser } from 'playwright-core'
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

/** After how long what was read is read again, in milliseconds. */
const STALE = 5500

/** A wrong token says what may be wrong with it. One that is revoked ends the session, and the address stays. */
export const holdTokens = async (browser: Browser, server: Server): Promise<void> => {
  const tab = await openTab(browser, server, { expected: BROUGHT_ABOUT })
  const { page, context } = tab
  await page.goto('/console/customers?status=ARCHIVED')
  await page.getByLabel('Token').fill('togai_wrong')
  await pressButton(page, 'Sign in')
  await page.getByRole('alert').getByText('This token is not valid.').waitFor()
  const token = await makeToken(server, 'Faults')
  const { answer } = await askApi(server, token, '/tokens', { name: 'to be revoked', role: 'DEVELOPER' })
  const mine = String(answer['token'])
  await page.getByLabel('Token').fill(mine)
  await pressButton(page, 'Sign in')
  await page.getByText('No customer is archived.').waitFor()
  ok(page.url().endsWith('/console/customers?status=ARCHIVED'), 'the address was lost')
  const kept = await page.evaluate<string>('JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie])')
  ok(!kept.includes(mine), 'the token is kept')
  const another = await context.newPage()
  await another.goto('/console/')
  await another.getByLabel('Token').waitFor()
  await another.close()

  strictEqual((await askApi(server, token, `/tokens/${String(answer['id'])}`, undefined, 'DELETE')).status, 200)
  await visitPage(page, 'Accounts').catch(() => {})
  await page.getByText('Your session has ended.').waitFor()
  await closeTab(tab)
}

/** Lets the head of the next answer to a write through, and loses its body. */
const LOSE_HALF = `{
  const whole = window.fetch
  window.fetch = async (request) => {
    const answer = await whole(request)
    if (request.method !== 'POST') return answer
    window.fetch = whole
    const broken = new ReadableStream({ pull: (body) => body.error(new TypeError('network error')) })
    return new Response(broken, { status: answer.status, headers: answer.headers })
  }
}`

/** A write that is sent while the network is lost says so, and is made once when it is sent again. */
export const holdLostNetwork = async (browser: Browser, server: Server): Promise<void> => {
  const token = await makeToken(server, 'Faults')
  const tab = await openTab(browser, server, { expected: BROUGHT_ABOUT })
  const { page, context } = tab
  await signIn(page, token, '/console/customers')
  await openDialog(page, 'New customer')
  await fillFields(page, { Id: 'lost', Name: 'Lost and found', 'E-mail': 'lost@example.com' })
  /** The server makes it, and its answer is lost. */
  await context.route(
    '**/customers',
    async (route) => {
      await route.fetch()
      await route.abort('connectionreset')
    },
    { times: 1 },
  )
  await pressButton(page, 'Create customer')
  const refusal = page.getByRole('alert')
  await refusal.getByText('The server cannot be reached.').waitFor()
  ok((await refusal.innerText()).includes('made once'), 'it does not say what to do')
  await finishDialog(page, 'Create customer')
  await page.getByRole('heading', { name: 'Lost and found' }).waitFor()

  await visitPage(page, 'Customers')
  await openDialog(page, 'New customer')
  await fillFields(page, { Id: 'half', Name: 'Lost half way', 'E-mail': 'half@example.com' })
  await page.evaluate(LOSE_HALF)
  await pressButton(page, 'Create customer')
  await refusal.getByText('The server cannot be reached.').waitFor()
  await finishDialog(page, 'Create customer')
  await page.getByRole('heading', { name: 'Lost half way' }).waitFor()

  await visitPage(page, 'Invoices')
  await page.getByText('No invoice matches.').waitFor()
  await visitPage(page, 'Customers')
  await page.waitForTimeout(STALE)
  await context.setOffline(true)
  await visitPage(page, 'Invoices')
  await page.getByRole('alert').getByText('The server cannot be reached.').first().waitFor()
  await context.setOffline(false)
  await page.getByRole('button', { name: 'Try again' }).first().click()
  await page.getByText('No invoice matches.').waitFor()
  await closeTab(tab)
}

/** A form that is open while somebody else changes what it shows does not overwrite that, though the page behind it shows it meanwhile. */
export const holdChangedMeanwhile = async (browser: Browser, server: Server): Promise<void> => {
  const token = await makeToken(server, 'Faults')
  const customer = { id: 'both', name: 'Before', primaryEmail: 'both@example.com', address: {} }
  strictEqual((await askApi(server, token, '/customers', customer)).status, 201)
  const tab = await openTab(browser, server, { expected: BROUGHT_ABOUT })
  const { page, context } = tab
  await signIn(page, token, '/console/customers/both')
  const title = page.locator('h1')
  await title.getByText('Before').waitFor()
  await visitPage(page, 'Invoices')
  await page.waitForTimeout(STALE)
  strictEqual((await askApi(server, token, '/customers/both', { name: 'Theirs' }, 'PATCH')).status, 200)
  const opened = Promise.withResolvers<undefined>()
  await context.route('**/customers/both', async (route) => {
    await opened.promise
    await route.fallback()
  })
  await page.goBack()
  await openDialog(page, 'Edit')
  opened.resolve(undefined)
  await title.getByText('Theirs').waitFor()
  await fillFields(page, { Name: 'Mine' })
  await pressButton(page, 'Save')
  await page.getByRole('alert').getByText('Somebody has changed this since you opened it.').waitFor()
  const { answer } = await askApi(server, token, '/customers/both')
  strictEqual(answer['name'], 'Theirs')
  await closeTab(tab)
}

/** A 429 is waited for, and says so. */
export const holdLimit = async (browser: Browser, server: Server): Promise<void> => {
  const token = await makeToken(server, 'Faults')
  const tab = await openTab(browser, server, { expected: BROUGHT_ABOUT })
  const { page, context } = tab
  await signIn(page, token)
  let refused = 0
  await context.route(/\/payments\?|\/payments$/, async (route) => {
    if (route.request().resourceType() === 'document' || refused > 0) return route.fallback()
    refused++
    return route.fulfill({
      status: 429,
      headers: { 'Retry-After': '2', 'Content-Type': 'application/json' },
      body: '{"message":"Too many requests."}',
    })
  })
  await visitPage(page, 'Payments')
  await page.getByText('The server asks to wait, since there is too much to do. Trying again in').waitFor()
  await page.getByText('No payment matches.').waitFor()
  strictEqual(refused, 1)
  strictEqual(await page.locator('.waiting').innerText(), '')
  await closeTab(tab)
}
