import { ok, strictEqual } from 'node:assert/strict'
import type { Browser } from 'playwright-core'
import { type Server, awaitTruth, closeTab, openTab } from './tab.ts'

/** Milliseconds after the last key before a search begins. */
const TYPING = 150

/** A customer is found, its account opened, a dialog opened and left, and the list come back to, without a mouse. */
export const holdKeyboard = async (browser: Browser, server: Server, token: string): Promise<void> => {
  const tab = await openTab(browser, server)
  const { page } = tab
  await page.goto('/console/')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.type(token)
  await page.keyboard.press('Enter')
  await page.locator('.shell').waitFor()

  await page.keyboard.press('/')
  await page.keyboard.type('calder')
  await page.getByRole('option', { name: /Account/ }).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Calder Motors' }).waitFor()
  ok(page.url().endsWith('/console/accounts/calder-motors'), page.url())

  const edit = page.getByRole('button', { name: 'Edit', exact: true })
  await edit.focus()
  await page.keyboard.press('Enter')
  await page.locator('dialog[open]').waitFor()
  ok(
    await page.evaluate<boolean>('document.querySelector("dialog").contains(document.activeElement)'),
    'the dialog does not have the focus',
  )
  await page.keyboard.press('Escape')
  await page.locator('dialog').waitFor({ state: 'detached' })
  await awaitTruth(page, 'document.activeElement.innerText === "Edit"')

  await page.goto('/console/customers')
  await page.getByLabel('Search').fill('ca')
  await page.getByRole('link', { name: 'Cairn Logistics' }).waitFor()
  await page.waitForURL('**/customers?q=ca')
  await page.getByRole('link', { name: 'Calder Motors' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Calder Motors' }).waitFor()
  await page.goBack()
  strictEqual(await page.getByLabel('Search').inputValue(), 'ca', 'the list is not what it was')
  await page.reload()
  await page.getByRole('link', { name: 'Cairn Logistics' }).waitFor()
  strictEqual(await page.getByRole('link', { name: 'Bayside Clinics' }).count(), 0, 'the list does not follow its address')

  /** A space before which somebody stops for a moment stays, and what was typed last does not lead back to a page that was left. */
  const search = page.getByLabel('Search')
  await search.fill('')
  await page.waitForURL('**/customers')
  await search.pressSequentially('calder ')
  await page.waitForURL('**/customers?q=calder')
  await search.pressSequentially('mot')
  await page.waitForURL('**/customers?q=calder+mot')
  strictEqual(await search.inputValue(), 'calder mot')
  await search.fill('bay')
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Accounts', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Accounts' }).waitFor()
  await page.waitForTimeout(2 * TYPING)
  ok(page.url().endsWith('/console/accounts'), page.url())
  await closeTab(tab)
}
