import { match, ok, strictEqual } from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import { launchChromium, requireChromium } from './chromium.ts'
import { startServer } from './server.ts'
import { fail, root } from '../scripts/wrangler.ts'

const LONGEST = 60_000
const LONGEST_WAIT = 15_000
const TOKEN = 'dev-token'
/** The least contrast of text (WCAG 2.2, 1.4.3). */
const LEAST_CONTRAST = 4.5

const given = () => {
  try {
    return parseArgs({ options: { screenshots: { type: 'string' } } }).values.screenshots
  } catch {
    return fail('Usage: npm run test:browser -- [--screenshots DIR]')
  }
}
const asked = given()

requireChromium()

const started = Date.now()
const { request } = JSON.parse(readFileSync(join(root, 'test/data/create-a-customer.json'), 'utf8')) as { request: { id: string } }
const pictures = asked === undefined ? mkdtempSync(join(tmpdir(), 'screenshots-')) : resolve(asked)
mkdirSync(pictures, { recursive: true })

const server = await startServer()
const { url } = server

/** Collects errors and requests to other hosts, which must not happen. */
const mishaps: string[] = []

const open = async (browser: Browser, colorScheme: 'light' | 'dark', width: number): Promise<Page> => {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } })
  context.setDefaultTimeout(LONGEST_WAIT)
  context.on('console', (message) => message.type() === 'error' && mishaps.push(`the console says: ${message.text()}`))
  context.on('weberror', (error) => mishaps.push(`the page throws: ${error.error().message}`))
  context.on('request', (asks) => !asks.url().startsWith(`${url}/`) && mishaps.push(`the page asks for ${asks.url()}`))
  return context.newPage()
}

const tokenOf = (page: Page) => page.getByPlaceholder('Token').first()

/** Each text of the page with the luminance of what is behind it, and its contrast with that. */
const textsOf = (page: Page): Promise<{ text: string; ground: number; contrast: number }[]> =>
  page.locator('h1, h2, h3, h4, p').evaluateAll((elements) => {
    const view = elements[0].ownerDocument.defaultView
    const canvas = new view.OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
    const luminance = (colours: string[]): number => {
      for (const colour of ['white', ...colours]) {
        canvas.fillStyle = colour
        canvas.fillRect(0, 0, 1, 1)
      }
      const [red = 0, green = 0, blue = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((part) =>
        part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
      )
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    return elements
      .filter((element) => element.checkVisibility() && element.innerText.trim())
      .map((element) => {
        const behind: string[] = []
        for (let at = element; at; at = at.parentElement) behind.unshift(view.getComputedStyle(at).backgroundColor)
        const [ground, ink] = [luminance(behind), luminance([...behind, view.getComputedStyle(element).color])]
        return { text: element.innerText, ground, contrast: (Math.max(ground, ink) + 0.05) / (Math.min(ground, ink) + 0.05) }
      })
  })

/** Checks that the page fits its width, is dark if that is preferred, and has readable text. */
const isReadable = async (page: Page): Promise<void> => {
  const [wide, width] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]')
  ok(wide <= width, `the page is ${wide} pixels wide in ${width}`)
  const texts = await textsOf(page)
  ok(texts.length, 'the page has no texts')
  const dark = await page.evaluate<boolean>('matchMedia("(prefers-color-scheme: dark)").matches')
  const glaring = texts.find(({ ground }) => ground < 0.2 !== dark)
  ok(!glaring, `"${glaring?.text}" is ${dark ? 'not ' : ''}on a dark ground`)
  const faint = texts.find(({ contrast }) => contrast < LEAST_CONTRAST)
  ok(!faint, `the contrast of "${faint?.text}" is ${faint?.contrast.toFixed(1)}`)
}

/** Finds an operation by name and sends its example, as a reader would. */
const createTheCustomer = async (page: Page, name: string): Promise<void> => {
  const picture = (of: string) => page.screenshot({ path: join(pictures, `${name}-${of}.png`) })
  await tokenOf(page).fill(TOKEN)
  await isReadable(page)
  await picture('1-introduction')
  const search = page.getByRole('button', { name: 'Search' }).first()
  if (!(await search.isVisible())) await page.getByRole('button', { name: 'Open Menu' }).click()
  await search.click()
  await page.keyboard.type('Create a customer')
  const operation = page.getByRole('option', { name: 'Create a customer and its first account' })
  await operation.waitFor()
  await picture('2-search')
  await operation.click()
  const button = page.getByRole('button', { name: /Test Request\s*\(post \/customers\)/ })
  await button.scrollIntoViewIfNeeded()
  await isReadable(page)
  await picture('3-operation')
  await button.click()
  await page.getByRole('button', { name: /^Send/ }).first().click()
}

const isAnswered = async (page: Page, name: string, status: string): Promise<void> => {
  const answer = page.getByText(status).first()
  await answer.scrollIntoViewIfNeeded()
  await page.waitForTimeout(500)
  await page.screenshot({ path: join(pictures, `${name}-4-answer.png`) })
}

const test = async (browser: Browser): Promise<void> => {
  const page = await open(browser, 'dark', 1280)
  await page.goto(`${url}/docs`)
  strictEqual(page.url(), `${url}/docs/`)
  const entered = await page.goto(`${url}/`)
  strictEqual(page.url(), `${url}/docs/`, `/ leads to ${page.url()}`)
  match(entered?.headers()['content-security-policy'] ?? '', /^default-src 'none'; script-src 'self';.* connect-src 'self';/)

  await createTheCustomer(page, '1280-dark')
  await isAnswered(page, '1280-dark', '201 Created')
  const made = await fetch(`${url}/customers/${request.id}`, { headers: { Authorization: `Bearer ${TOKEN}` } })
  strictEqual(made.status, 200, 'the customer was not made')

  const stored = JSON.stringify(await page.context().storageState({ indexedDB: true }))
  ok(!stored.includes(TOKEN), 'the token is kept')
  const another = await page.context().newPage()
  await another.goto(`${url}/docs/`)
  strictEqual(await tokenOf(another).inputValue(), '', 'another tab has the token')

  strictEqual(mishaps[0], undefined, mishaps[0])

  const narrow = await open(browser, 'light', 380)
  await narrow.goto(`${url}/docs/`)
  await createTheCustomer(narrow, '380-light')
  await isAnswered(narrow, '380-light', '409 Conflict')
  const mishap = mishaps.find((one) => !one.includes('409 (Conflict)'))
  strictEqual(mishap, undefined, mishap)
}

let wrong: string | undefined
try {
  const [browser] = await Promise.all([launchChromium(), server.ready])
  try {
    await test(browser)
  } finally {
    await browser.close()
  }
} catch (error) {
  ;[wrong] = (error instanceof Error ? error.message : String(error)).split('\n')
} finally {
  await server.stop()
}
const took = Date.now() - started
console.log(`Screenshots are in ${pictures}`)
if (wrong) fail(`Browser: ${wrong}. Look at the last screenshot, and at /docs with npm run dev.`)
if (took > LONGEST) fail(`Browser: it took ${took / 1000} s, and should take less than ${LONGEST / 1000} s`)
console.log(`Browser: the reference is read, and its example is answered with 201, in ${(took / 1000).toFixed(1)} s`)
