import { match, ok } from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { type Server, closeTab, openTab, signIn } from './tab.ts'

/** In bytes, compressed: all that is loaded until the overview is there. */
const LARGEST = 120_000

/** What the first page loads, and that only files of its own origin may be run. */
export const holdSize = async (browser: Browser, server: Server, token: string): Promise<number> => {
  const tab = await openTab(browser, server)
  const { page, context } = tab
  const files: Promise<number>[] = []
  const collect = async (path: string): Promise<number> =>
    gzipSync(Buffer.from(await (await fetch(server.url + path)).arrayBuffer())).length
  context.on('request', (request) => {
    const { pathname } = new URL(request.url())
    if (pathname.startsWith('/console/')) files.push(collect(pathname))
  })
  const entered = await page.goto('/console/')
  match(
    entered?.headers()['content-security-policy'] ?? '',
    /^default-src 'none'; script-src 'self'; style-src 'self';.* connect-src 'self';/,
  )
  await signIn(page, token)
  await page.locator('.chart canvas').first().waitFor()
  await page.waitForLoadState('networkidle')
  const sizes = await Promise.all(files)
  const size = sizes.reduce((sum, one) => sum + one, 0)
  ok(size < LARGEST, `the overview loads ${size} bytes, and should load less than ${LARGEST}`)
  await closeTab(tab)
  return size
}
