import { deepStrictEqual, ok } from 'node:assert/strict'
import type { Browser } from 'playwright-core'
import { listPages } from './pages.ts'
import { type Server, awaitPage, closeTab, openTab, signIn } from './tab.ts'

/** What an ANALYST may press: what moves through lists, opens what is read, and looks after the session. */
const READS = /^(First page|Back|Next page|Sign out|Colours: .*|Try again|☰.*|Close|\d+ .*)$/

/** An ANALYST opens each page: nothing on it would be refused, and nothing that is read is. */
export const holdAnalyst = async (browser: Browser, server: Server, token: string): Promise<void> => {
  const tab = await openTab(browser, server)
  const { page, context } = tab
  const sent: string[] = []
  context.on('request', (asks) => {
    const { pathname } = new URL(asks.url())
    if (asks.method() !== 'GET' && !/\/(authenticate|metrics|revenue_calculator)$/.test(pathname)) sent.push(`${asks.method()} ${pathname}`)
  })
  await signIn(page, token)
  for (const { path } of await listPages(server, token)) {
    await page.goto(`/console/${path}`)
    await awaitPage(page)
    const names = await page
      .getByRole('button')
      .evaluateAll((buttons) => buttons.map((button) => button.ariaLabel ?? button.innerText.trim()))
    const wrong = names.find((name) => !READS.test(name))
    ok(wrong === undefined, `an ANALYST sees the button "${wrong}" at /console/${path}`)
  }
  ok(!(await page.getByRole('link', { name: 'Tokens' }).isVisible()), 'an ANALYST sees Tokens in the navigation')
  deepStrictEqual(sent, [])
  await closeTab(tab)
}
