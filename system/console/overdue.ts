import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import type { Browser, Page } from 'playwright-core'
import { type Server, askApi, awaitPage, closeTab, openTab, signIn } from './tab.ts'

type Row = Record<string, unknown>

/** All invoices, by the API. */
const listInvoices = async (server: Server, token: string): Promise<Row[]> => {
  const all: Row[] = []
  let path = '/invoices?pageSize=50'
  for (;;) {
    const { answer } = await askApi(server, token, path)
    all.push(...answer.data)
    if (typeof answer['nextToken'] !== 'string') return all
    path = `/invoices?nextToken=${answer['nextToken']}`
  }
}

/** The ids in a list of invoices, on all of its pages. */
const idsShown = async (page: Page): Promise<string[]> => {
  const ids: string[] = []
  for (;;) {
    await awaitPage(page)
    const links = await page
      .locator('main table tbody tr td:first-child a')
      .evaluateAll((all) => all.map((one) => one.getAttribute('href') ?? ''))
    ids.push(...links.map((link) => link.split('/').at(-1) ?? ''))
    const next = page.getByRole('button', { name: 'Next page' })
    if (!(await next.isVisible())) return ids.toSorted()
    const before = page.url()
    await next.click()
    await page.waitForURL((url) => url.href !== before)
  }
}

/** What the overview says is overdue is what its link leads to, and what the API says. The list shows several statuses at once. An invoice asks for its own payments. */
export const holdOverdue = async (browser: Browser, server: Server, token: string): Promise<void> => {
  const tab = await openTab(browser, server)
  const { page } = tab
  await signIn(page, token)
  const { now } = (await askApi(server, token, '/organization')).answer as { now?: string }
  const all = await listInvoices(server, token)
  const idsOf = (isMeant: (row: Row) => boolean): string[] =>
    all
      .filter(isMeant)
      .map(({ id }) => String(id))
      .toSorted()
  const overdue = idsOf(({ status, dueDate }) => ['DUE', 'PARTIALLY_PAID'].includes(String(status)) && String(dueDate) < (now ?? ''))
  ok(overdue.length > 0, 'the sample has nothing that is overdue')

  const trouble = page.getByRole('listitem').filter({ hasText: 'Invoices overdue' })
  strictEqual(await trouble.locator('strong').innerText(), String(overdue.length))
  await trouble.getByRole('link').click()
  await page.getByRole('heading', { level: 1, name: 'Invoices' }).waitFor()
  deepStrictEqual(await idsShown(page), overdue)

  await page.goto('/console/invoices')
  await page.locator('details.several summary').click()
  for (const status of ['Void', 'Due']) await page.getByRole('group', { name: 'Status' }).getByLabel(status, { exact: true }).check()
  await page.waitForURL('**/invoices?status=DUE%2CVOID')
  await page.keyboard.press('Escape')
  ok(!(await page.getByRole('group', { name: 'Status' }).isVisible()), 'the choice of statuses stays open')
  deepStrictEqual(
    await idsShown(page),
    idsOf(({ status }) => status === 'DUE' || status === 'VOID'),
  )
  await page.getByLabel('Overdue').selectOption('yes')
  await page.waitForURL('**/invoices?overdue=yes')

  const asked: string[] = []
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url())
    if (pathname === '/payments') asked.push(search)
  })
  const paid = all.find(({ status, paidAmount }) => status === 'PAID' && Number(paidAmount) > 0)
  await page.goto(`/console/invoices/${String(paid?.['id'])}`)
  await awaitPage(page)
  deepStrictEqual(asked, [`?invoice_id=${String(paid?.['id'])}&pageSize=50`])
  const { answer } = await askApi(server, token, `/payments?invoice_id=${String(paid?.['id'])}`)
  strictEqual(await page.getByRole('region', { name: 'Payments' }).locator('tbody tr').count(), answer.data.length)
  await closeTab(tab)
}
