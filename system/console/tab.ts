import { ok, strictEqual } from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { root } from '../../scripts/wrangler.ts'

const LONGEST_WAIT = 20_000
/** Not UTC, so that a local time stands beside each. */
const TIME_ZONE = 'Europe/Berlin'

const exec = promisify(execFile)

export interface Server {
  url: string
  state: string
}

/** A tab of a browser, and what went wrong in it. */
export interface Tab {
  page: Page
  context: BrowserContext
  /** Errors of the console, errors that were thrown, and requests to other hosts. Those that a test expects match `expected`. */
  mishaps: string[]
}

/** Errors that the browser itself writes for answers and losses that a test brings about. */
export const BROUGHT_ABOUT = /Failed to load resource/

interface Look {
  colorScheme?: 'light' | 'dark'
  width?: number
  /** Errors of the console that the test brings about. */
  expected?: RegExp
}

/** Opens a tab that looks at the console, with nothing kept from before. */
export const openTab = async (
  browser: Browser,
  { url }: Server,
  { colorScheme = 'light', width = 1280, expected }: Look = {},
): Promise<Tab> => {
  const context = await browser.newContext({
    colorScheme,
    viewport: { width, height: 900 },
    timezoneId: TIME_ZONE,
    reducedMotion: 'reduce',
    baseURL: url,
  })
  context.setDefaultTimeout(LONGEST_WAIT)
  const mishaps: string[] = []
  context.on('console', (message) => {
    if (message.type() === 'error' && !expected?.test(message.text()))
      mishaps.push(`the console says: ${message.text()} (${message.location().url})`)
  })
  context.on('weberror', (error) => mishaps.push(`the page throws: ${error.error().message}`))
  context.on(
    'request',
    (asks) => !asks.url().startsWith(`${url}/`) && !asks.url().startsWith('data:') && mishaps.push(`the page asks for ${asks.url()}`),
  )
  return { page: await context.newPage(), context, mishaps }
}

export const closeTab = async ({ context, mishaps }: Tab): Promise<void> => {
  await context.close()
  strictEqual(mishaps[0], undefined, mishaps[0])
}

export const signIn = async (page: Page, token: string, path = '/console/'): Promise<void> => {
  await page.goto(path)
  await page.getByLabel('Token').fill(token)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.locator('.shell').waitFor()
}

/** Makes a token of an organization, which is new if it is not there, as an operator does. */
export const makeToken = async ({ state }: Server, organization: string, role = 'ADMINISTRATOR'): Promise<string> => {
  const args = ['token', 'create', '--organization', organization, '--name', 'test', '--role', role, '--persist-to', state]
  const { stdout } = await exec(process.execPath, [join(root, 'scripts/run.js'), ...args], { cwd: root })
  return stdout.trim().split('\n').at(-1) ?? ''
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Asks the API, as a program does beside the console. */
export const askApi = async ({ url }: Server, token: string, path: string, body?: object, method: Method = body ? 'POST' : 'GET') => {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) })
  return { status: response.status, answer: (await response.json()) as Record<string, unknown> & { data: Record<string, unknown>[] } }
}

/** Fills a form in the dialog or the page that is open: texts and choices by their labels. */
export const fillFields = async (page: Page, values: Readonly<Record<string, string>>): Promise<void> => {
  const open = page.locator('dialog[open]')
  const place = (await open.count()) ? open : page.locator('main')
  for (const [label, value] of Object.entries(values)) {
    const field = place.getByLabel(label, { exact: true }).last()
    const tag = await field.evaluate((element) => element.tagName)
    if (tag === 'SELECT') await field.selectOption({ label: value })
    else await field.fill(value)
  }
}

/** Presses a button of the dialog that is open, or of the page. */
export const pressButton = async (page: Page, name: string): Promise<void> => {
  const open = page.locator('dialog[open]')
  const place = (await open.count()) ? open : page.locator('main')
  await place.getByRole('button', { name, exact: true }).last().click()
}

/** Presses a button of the page that opens a dialog. */
export const openDialog = async (page: Page, name: string): Promise<void> => {
  await page.locator('main, .top').getByRole('button', { name }).first().click()
  await page.locator('dialog[open]').waitFor()
}

/** Presses the button of a dialog that does its work, and waits until it is done. */
export const finishDialog = async (page: Page, name: string): Promise<void> => {
  await pressButton(page, name)
  await page.locator('dialog').waitFor({ state: 'detached' })
}

/** Presses a button that sends a form, and holds that what is wrong is said at the field that is wrong, which then has the focus. */
export const refuseField = async (page: Page, name: string, label: string, fault: RegExp): Promise<void> => {
  await pressButton(page, name)
  const field = page.locator('dialog[open]').getByLabel(label, { exact: true }).last()
  const said = page
    .locator('dialog[open] .field', { has: page.getByLabel(label, { exact: true }) })
    .last()
    .locator('.fault')
  await said.getByText(fault).waitFor()
  const [isInvalid, describedBy] = await field.evaluate((element) => [element.ariaInvalid, element.getAttribute('aria-describedby')])
  strictEqual(isInvalid, 'true', `the field ${label} is not marked`)
  await field.and(page.locator(':focus')).waitFor()
  ok(
    String(describedBy)
      .split(' ')
      .includes(String(await said.getAttribute('id'))),
    `what is wrong with ${label} is not read out with it`,
  )
}

/** Moves the test clock of the organization by hand, or sets it for the first time. */
export const moveClock = async (page: Page, to: string, first = false): Promise<void> => {
  await openDialog(page, '◷')
  await fillFields(page, { 'New time in UTC': to })
  await finishDialog(page, first ? 'Set the clock' : 'Move the clock')
}

/** Waits until an expression is true in the page. What playwright has for it makes code from a text, which the page forbids. */
export const awaitTruth = async (page: Page, expression: string): Promise<void> => {
  const deadline = Date.now() + LONGEST_WAIT
  while (!(await page.evaluate<boolean>(`Boolean(${expression})`))) {
    if (Date.now() > deadline) throw new Error(`it was never true that ${expression}`)
    await page.waitForTimeout(10)
  }
}

/** Waits until all of a page is there. */
export const awaitPage = (page: Page): Promise<void> =>
  awaitTruth(page, 'document.querySelector("main h1") && !document.querySelector("main .loading, main [aria-busy=true]")')

/** Goes to a page by the navigation. */
export const visitPage = async (page: Page, name: string): Promise<void> => {
  await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name, exact: true }).click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
}
