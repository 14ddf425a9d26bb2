import { ok, strictEqual } from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import type { Browser } from 'playwright-core'
import { type Server, askApi, awaitPage, closeTab, finishDialog, makeToken, openDialog, openTab, pressButton, signIn } from './tab.ts'

const NAME = 'Marta Quillfeather'
/** How long the cron may take to erase what is erased part by part, in milliseconds. */
const LONGEST = 90_000

const awaitEnd = async (server: Server, token: string): Promise<void> => {
  for (const end = Date.now() + LONGEST; ; await wait(500)) {
    const { answer } = await askApi(server, token, '/erasures?customer_id=marta')
    if (answer.data[0]?.['status'] === 'COMPLETED') return
    ok(Date.now() < end, 'the erasure does not end')
  }
}

/** A customer is archived, what would be erased is shown, and afterwards nothing on its page says who it was. A developer is not offered that. */
export const holdErasure = async (browser: Browser, server: Server): Promise<void> => {
  const token = await makeToken(server, 'Console erasure')
  const developer = await makeToken(server, 'Console erasure', 'DEVELOPER')
  await askApi(server, token, '/customers', { id: 'marta', name: NAME, primaryEmail: 'marta@example.com', address: { city: 'Riga' } })
  const tab = await openTab(browser, server)
  const { page } = tab
  await signIn(page, token, '/console/customers/marta')
  await page.getByRole('heading', { name: NAME, level: 1 }).waitFor()
  for (const account of (await askApi(server, token, '/accounts?customer_id=marta')).answer.data)
    strictEqual((await askApi(server, token, `/accounts/${String(account['id'])}`, undefined, 'DELETE')).status, 200)
  await openDialog(page, 'Archive')
  await finishDialog(page, 'Archive customer')
  await page
    .getByRole('region', { name: 'Accounts', exact: true })
    .getByRole('row', { name: /Archived/ })
    .getByRole('link')
    .waitFor()
  await openDialog(page, 'Erase personal data')
  await pressButton(page, 'Show what changes')
  await page.getByText(/Audit entries: \d/).waitFor()
  strictEqual((await askApi(server, token, '/customers/marta')).answer['name'], NAME)
  await finishDialog(page, 'Erase for ever')
  await page.getByRole('heading', { name: 'Erasure of personal data' }).waitFor()
  await awaitEnd(server, token)
  await page.reload()
  await awaitPage(page)
  await page.getByText('Completed', { exact: true }).waitFor()
  const shown = await page.locator('main').innerText()
  ok(!/marta quill|marta@|riga/i.test(shown), `the page says still: ${shown}`)
  await closeTab(tab)

  const other = await openTab(browser, server)
  await signIn(other.page, developer, '/console/customers/marta')
  await other.page.getByRole('button', { name: 'Restore' }).waitFor()
  strictEqual(await other.page.getByRole('button', { name: 'Erase personal data' }).count(), 0)
  await closeTab(other)
}
