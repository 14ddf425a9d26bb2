import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { setTimeout as wait } from 'node:timers/promises'
import { root } from '../scripts/wrangler.ts'
import { listBlocks } from './pages.ts'
import { findFreePort } from './server.ts'

/** How long anything may take, in milliseconds: a receiver that never answers is given up after 10 seconds. */
const LONGEST = 40_000

interface Delivery {
  id: string
  eventId: string
  status: string
  attempts: number
  lastError?: string
}

interface Endpoint {
  id: string
  secret: string
  status: string
}

const until = async <Found>(find: () => Promise<Found | undefined> | Found | undefined, what: string): Promise<Found> => {
  for (const deadline = Date.now() + LONGEST; ; await wait(100)) {
    const found = await find()
    if (found !== undefined) return found
    ok(Date.now() < deadline, `${what} does not happen within ${LONGEST / 1000} s`)
  }
}

const apiOf = (url: string) => {
  const call = async <Answer>(method: string, path: string, body?: unknown): Promise<Answer> => {
    const headers = { Authorization: 'Bearer dev-token', 'Content-Type': 'application/json' }
    const sent = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(url + path, { method, headers, signal: AbortSignal.timeout(LONGEST), ...sent })
    const answer = (await response.json()) as Answer
    ok(response.ok, `${method} ${path} answered ${response.status} ${JSON.stringify(answer)}`)
    return answer
  }
  return {
    call,
    endpoint: (to: string) => call<Endpoint>('POST', '/webhook_endpoints', { url: to }),
    read: (id: string) => call<Endpoint>('GET', `/webhook_endpoints/${id}`),
    deliveries: async (id: string) => (await call<{ data: Delivery[] }>('GET', `/webhook_endpoints/${id}/deliveries?pageSize=100`)).data,
    customer: (id: string) =>
      call('POST', '/customers', {
        id,
        name: 'ACME Enterprise',
        primaryEmail: 'a@example.com',
        address: {},
        account: { id, name: 'Main' },
      }),
  }
}
type Webhooks = ReturnType<typeof apiOf>

/** Starts the receiver of the page, and gives what it prints. */
const startReceiver = (secret: string, port: number) => {
  const env = { ...process.env, WEBHOOK_SECRET: secret, PORT: String(port) }
  const receiver = spawn(process.execPath, [join(root, 'docs/clients/receiver.ts')], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const lines: string[] = []
  receiver.stdout.on('data', (chunk: Buffer) => lines.push(...chunk.toString().split('\n').filter(Boolean)))
  return { lines, stop: () => receiver.kill() }
}

/** A receiver of each kind that does harm, and how many requests each got. */
const startBad = async () => {
  const counts = new Map<string, number>()
  const answers: Record<string, (response: ServerResponse) => void> = {
    '/slow': () => {},
    '/redirect': (response) => response.writeHead(307, { Location: '/good' }).end(),
    '/gone': (response) => response.writeHead(410).end(),
    '/large': (response) => response.writeHead(200).end('x'.repeat(2 * 2 ** 20)),
    '/endless': (response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write('x'.repeat(1000)), 10)
      response.on('close', () => clearInterval(timer))
    },
    '/cut': (response) => response.destroy(),
    '/good': (response) => response.writeHead(204).end(),
  }
  const server = createServer((request, response) => {
    const { url = '' } = request
    counts.set(url, (counts.get(url) ?? 0) + 1)
    void textOf(request).then(() => answers[url]?.(response))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = (): void => {
    server.close()
    server.closeAllConnections()
  }
  return { url: `http://127.0.0.1:${port}`, kinds: Object.keys(answers), counts, close }
}

/** Runs the receiver of the page: it takes what it is sent, once, and refuses what is not signed. */
const holdReceiver = async ({ call, endpoint, deliveries, customer }: Webhooks): Promise<void> => {
  const page = readFileSync(join(root, 'docs/webhooks.md'), 'utf8')
  const program = listBlocks(page).find(({ language }) => language === 'ts')
  strictEqual(
    `${program?.text}\n`,
    readFileSync(join(root, 'docs/clients/receiver.ts'), 'utf8'),
    'the TypeScript of docs/webhooks.md is not its file',
  )
  const port = await findFreePort()
  const { id, secret } = await endpoint(`http://127.0.0.1:${port}/`)
  const receiver = startReceiver(secret, port)
  try {
    await until(() => receiver.lines[0], 'the start of the receiver')
    await customer('webhook-1')
    const isDone = async (): Promise<true | undefined> => {
      const all = await deliveries(id)
      return (all.length > 0 && all.every(({ status }) => status === 'DELIVERED')) || undefined
    }
    await until(isDone, 'the delivery to the receiver of docs/webhooks.md')
    const [first] = (await deliveries(id)).toReversed()
    const { status } = await call<Delivery>('POST', `/webhook_endpoints/${id}/deliveries/${first?.id}/resend`)
    strictEqual(status, 'PENDING', 'the delivery is not sent again')
    await until(isDone, 'the repeated delivery')
    deepStrictEqual(receiver.lines.slice(1), ['customer.created webhook-1', 'account.created webhook-1'])
    const forged = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      body: '{}',
      headers: { 'webhook-id': 'evt', 'webhook-timestamp': String(Math.floor(Date.now() / 1000)), 'webhook-signature': 'v1,AAAA' },
    })
    strictEqual(forged.status, 401)
    await call('DELETE', `/webhook_endpoints/${id}`)
  } finally {
    receiver.stop()
  }
}

/** Sends to receivers that do not answer, redirect, are gone, answer without an end or break off: none of them harms the good one. */
const holdBad = async ({ call, endpoint, read, deliveries, customer }: Webhooks): Promise<void> => {
  const bad = await startBad()
  try {
    const ids: Record<string, string> = {}
    for (const kind of bad.kinds) ids[kind] = (await endpoint(bad.url + kind)).id
    await customer('webhook-2')
    const begun = Date.now()
    const of = (kind: string) => deliveries(ids[kind] ?? '')
    const isDelivered = async (kind: string) =>
      (await of(kind)).filter(({ status }) => status === 'DELIVERED').length === 2 ? true : undefined
    for (const kind of ['/good', '/large', '/endless']) await until(() => isDelivered(kind), `the delivery to ${kind}`)
    ok(Date.now() - begun < LONGEST / 2, 'the good receiver waited for the others')
    const failedOf = (kind: string) =>
      until(async () => (await of(kind)).find(({ lastError }) => lastError)?.lastError, `the failure of ${kind}`)
    strictEqual(await failedOf('/slow'), 'It did not answer within 10 s.')
    strictEqual(await failedOf('/redirect'), 'It answered 307, and redirects are not followed.')
    strictEqual(await failedOf('/cut'), 'It could not be reached.')
    await until(async () => (await read(ids['/gone'] ?? '')).status === 'DISABLED' || undefined, 'the end of an endpoint that answers 410')
    strictEqual(bad.counts.get('/gone'), 1)
    strictEqual(bad.counts.get('/good'), 2, 'the good receiver was sent more, or a redirect was followed')
    for (const id of Object.values(ids)) await call('DELETE', `/webhook_endpoints/${id}`)
  } finally {
    bad.close()
  }
}

/** Holds webhooks with receivers in real processes. */
export const holdWebhooks = async (url: string): Promise<void> => {
  const api = apiOf(url)
  await holdReceiver(api)
  await holdBad(api)
}
