import { createHmac } from 'node:crypto'
import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Browser, Page } from 'playwright-core'
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
  refuseField,
  signIn,
} from './tab.ts'

/** How long a delivery may take: they are sent each second here, and the page reads them again after 10 seconds. */
const LONGEST = 30_000

interface Received {
  id: string
  signedWith: (secret: string) => boolean
}

/** A receiver on this machine, which answers 200. */
const startReceiver = async () => {
  const received: Received[] = []
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request)
    const [id, timestamp, signatures] = ['id', 'timestamp', 'signature'].map((name) => String(request.headers[`webhook-${name}`]))
    const signedWith = (secret: string): boolean => {
      const key = Buffer.from(secret.slice('whsec_'.length), 'base64')
      const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')
      return String(signatures).split(' ').includes(`v1,${expected}`)
    }
    received.push({ id: String(id), signedWith })
    response.end()
  }
  const receiver = createServer((request, response) => void receive(request, response))
  await new Promise<void>((resolve) => {
    receiver.listen(0, '127.0.0.1', resolve)
  })
  const { port } = receiver.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/hook`, received, stop: () => receiver.close() }
}

/** Reads the secret in the dialog that shows it, and closes that. Then it is nowhere on the page. */
const readSecret = async (page: Page): Promise<string> => {
  const secret = (await page.locator('dialog .secret').innerText()).trim()
  match(secret, /^whsec_[\w+/]{43}=$/)
  await finishDialog(page, 'Done')
  ok(!(await page.content()).includes(secret), 'the secret is still on the page')
  return secret
}

/** How many types of events the API tells endpoints of. */
const countEvents = async ({ url }: Server): Promise<unknown> => {
  const { components } = (await (await fetch(`${url}/openapi.json`)).json()) as {
    components: { schemas: { CreateWebhookEndpointRequest: { properties: { eventTypes: { maxItems: number } } } } }
  }
  return components.schemas.CreateWebhookEndpointRequest.properties.eventTypes.maxItems
}

/** A DEVELOPER changes an endpoint, but neither where it is nor its secret. */
const holdDeveloper = async (browser: Browser, server: Server, administrator: string, path: string): Promise<void> => {
  const { answer } = await askApi(server, administrator, '/tokens', { name: 'developer', role: 'DEVELOPER' })
  const tab = await openTab(browser, server)
  const { page } = tab
  await signIn(page, String(answer['token']), '/console/webhooks')
  await page.getByRole('link', { name: 'http://127.0.0.1' }).waitFor()
  ok(!(await page.getByRole('button', { name: 'New endpoint' }).isVisible()), 'a DEVELOPER could make an endpoint')
  await page.goto(path)
  await openDialog(page, 'Edit')
  strictEqual(await page.locator('dialog').getByLabel('Address').count(), 0, 'a DEVELOPER could move an endpoint')
  await fillFields(page, { 'Description optional': 'Books' })
  await finishDialog(page, 'Save')
  await page.getByRole('heading', { level: 1, name: 'Books' }).waitFor()
  ok(!(await page.getByRole('button', { name: 'Rotate secret' }).isVisible()), 'a DEVELOPER could rotate the secret')
  await closeTab(tab)
}

/** An endpoint is made, tested, rotated, changed, sent something again, disabled and deleted, all by hand in the pages. */
export const holdWebhooks = async (browser: Browser, server: Server): Promise<void> => {
  const token = await makeToken(server, 'Told')
  const tab = await openTab(browser, server, { expected: BROUGHT_ABOUT })
  const { page } = tab
  const receiver = await startReceiver()
  const deliveries = page.getByRole('region', { name: 'Deliveries' }).getByRole('row')
  try {
    await signIn(page, token, '/console/webhooks')
    await page.getByText('There is no endpoint.').waitFor()
    await openDialog(page, 'New endpoint')
    for (const [address, fault] of [
      ['books', /must/],
      ['ftp://example.com/books', /must begin with https/],
      ['https://example.com/#books', /must hold no #/],
    ] as const) {
      await fillFields(page, { Address: address })
      await refuseField(page, 'Create endpoint', 'Address', fault)
    }
    await fillFields(page, { Address: receiver.url })
    await pressButton(page, 'Create endpoint')
    await page.locator('dialog .secret').waitFor()
    const first = await readSecret(page)
    await page.getByRole('link', { name: receiver.url }).click()
    await page.getByText('Nothing has been sent yet.').waitFor()
    await page.getByText('everything', { exact: true }).waitFor()
    const path = new URL(page.url()).pathname

    await openDialog(page, 'Send a test')
    await finishDialog(page, 'Send')
    await deliveries.filter({ hasText: 'webhook.test' }).getByText('Delivered', { exact: true }).waitFor({ timeout: LONGEST })
    deepStrictEqual(
      receiver.received.map((one) => one.signedWith(first)),
      [true],
    )

    await openDialog(page, 'Rotate secret')
    await fillFields(page, { 'Seconds for which the old secret signs too': 'a day' })
    await refuseField(page, 'Rotate', 'Seconds for which the old secret signs too', /type a number/)
    await fillFields(page, { 'Seconds for which the old secret signs too': '604801' })
    await refuseField(page, 'Rotate', 'Seconds for which the old secret signs too', /must be a whole number from 0 to 604800/)
    await fillFields(page, { 'Seconds for which the old secret signs too': '60' })
    await pressButton(page, 'Rotate')
    await page.locator('dialog .secret').waitFor()
    const second = await readSecret(page)
    notStrictEqual(second, first)
    await page.getByText('Old secret signs until').waitFor()

    await openDialog(page, 'Send again')
    await finishDialog(page, 'Send')
    for (const deadline = Date.now() + LONGEST; receiver.received.length < 2; await page.waitForTimeout(100))
      ok(Date.now() < deadline, 'it is not sent again')
    const [before, again] = receiver.received
    deepStrictEqual([again?.id, again?.signedWith(first), again?.signedWith(second)], [before?.id, true, true])

    await openDialog(page, 'Edit')
    await page.getByLabel('Everything that happens').uncheck()
    ok(await page.locator('dialog').getByRole('button', { name: 'Save' }).isDisabled(), 'an endpoint can be sent nothing')
    const offered = await page.locator('dialog .columns').getByRole('checkbox').count()
    strictEqual(offered, await countEvents(server), 'another number of events is offered than there is')
    await page.getByLabel('invoice.generated').check()
    await fillFields(page, { 'Description optional': 'Bookkeeping' })
    await finishDialog(page, 'Save')
    await page.getByRole('heading', { level: 1, name: 'Bookkeeping' }).waitFor()
    await page.getByText('invoice.generated', { exact: true }).waitFor()
    await openDialog(page, 'Edit')
    await page.getByLabel('Everything that happens').check()
    await fillFields(page, { 'Description optional': '' })
    await finishDialog(page, 'Save')
    await page.getByText('everything', { exact: true }).waitFor()
    await page.getByRole('heading', { level: 1, name: receiver.url }).waitFor()
    const { answer } = await askApi(server, token, path.replace('/console/webhooks', '/webhook_endpoints'))
    deepStrictEqual([answer['description'], answer['eventTypes']], [undefined, undefined])

    await openDialog(page, 'Disable')
    await finishDialog(page, 'Disable')
    await page.locator('h1').getByText('Disabled').waitFor()
    await openDialog(page, 'Enable')
    await finishDialog(page, 'Enable')
    await page.locator('h1').getByText('Enabled').waitFor()
    await holdDeveloper(browser, server, token, path)

    await openDialog(page, 'Delete')
    await finishDialog(page, 'Delete')
    await page.getByText('There is no endpoint.').waitFor()
    await page.goto(path)
    await page.locator('h1').getByText('Deleted').waitFor()
    ok(!(await page.getByRole('button', { name: 'Send again' }).isVisible()), 'something could be sent to an endpoint that is deleted')
    await closeTab(tab)
  } finally {
    receiver.stop()
  }
}
