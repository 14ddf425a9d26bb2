import { env, exports } from 'cloudflare:workers'
import { expect, vi } from 'vitest'
import { Webhook } from 'standardwebhooks'
import { conflicts } from '../../src/conflicts.ts'
import { connect } from '../../src/db/client.ts'
import { openLedgers } from '../../src/ledger/client.ts'
import { sendAllWebhooks } from '../../src/webhooks/sending/service.ts'
import type { Api } from './api.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

export const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000]

/** What a receiver was sent. */
export interface Received {
  url: string
  id: string
  timestamp: number
  signatures: string[]
  text: string
  body: Loose
}

/** A host that no other test sends to. */
export const newHost = (): string => `https://${crypto.randomUUID()}.example.com`

/** Receives what is sent to any host, until the test is over, in place of the network. `answer` says what it answers; by default 204. */
export const receive = (
  answer: (sent: Received, requests: Received[]) => Response | Promise<Response> = () => new Response(null, { status: 204 }),
) => {
  const requests: Received[] = []
  const state = { answer, open: 0, most: 0 }
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    const headers = new Headers(init.headers)
    const text = init.body as string
    expect([init.method, init.redirect, headers.get('Content-Type')]).toEqual(['POST', 'manual', 'application/json'])
    const sent: Received = {
      url,
      id: headers.get('webhook-id') ?? '',
      timestamp: Number(headers.get('webhook-timestamp')),
      signatures: (headers.get('webhook-signature') ?? '').split(' '),
      text,
      body: JSON.parse(text),
    }
    requests.push(sent)
    state.most = Math.max(state.most, ++state.open)
    try {
      return await state.answer(sent, requests)
    } finally {
      state.open--
    }
  })
  return { requests, state, of: (host: string) => requests.filter(({ url }) => url.startsWith(host)) }
}

/** Whether one of the signatures of a request is that of a secret. */
export const isSignedWith = (secret: string, { id, timestamp, signatures, text }: Received): boolean =>
  signatures.includes(new Webhook(secret).sign(id, new Date(timestamp * 1000), text))

/** Runs what the cron runs of webhooks, at an instant of the real clock. */
export const run = (
  now = Date.now() + SECOND,
  d1: D1Database = env.DB,
  secrets: readonly string[] = [env.SIGNING_SECRET],
  elapsed: () => number = () => 0,
) => {
  const session = connect(d1).primary()
  return sendAllWebhooks({ session, ledgers: openLedgers({ exports }), now, secrets, conflicts }, elapsed)
}

/** Creates an endpoint. */
export const endpointOf = async (api: Pick<Api, 'post'>, more: Loose = {}) => {
  const host = newHost()
  const { status, body } = await api.post('/webhook_endpoints', { url: `${host}/hook?key=hidden`, ...more })
  expect([status, body.message]).toEqual([201, undefined])
  return { host, id: body.id as string, secret: body.secret as string }
}

/** All deliveries of an endpoint, the oldest first. */
export const deliveriesOf = async (api: Pick<Api, 'get'>, id: string): Promise<Loose[]> => {
  const { status, body } = await api.get(`/webhook_endpoints/${id}/deliveries?pageSize=100`)
  expect(status).toBe(200)
  return body.data.toReversed()
}

/** Sends nothing any more to the endpoints of earlier tests, which would take calls of the runs of later ones. */
export const endAll = () => env.DB.prepare("UPDATE webhook_endpoints SET status = 'DISABLED' WHERE status = 'ENABLED'").run()
