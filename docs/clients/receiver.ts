import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import type { components } from './togai.d.ts'

const { WEBHOOK_SECRET = '', PORT = '9000' } = process.env

const webhook = new Webhook(WEBHOOK_SECRET)

interface WebhookEvent {
  id: string
  type: components['schemas']['WebhookDelivery']['eventType']
  createdAt: string
  organizationId: string
  data: Record<string, unknown>
}

/** The ids of events that were taken. A real receiver keeps them in its database, in the transaction that takes the event. */
const taken = new Set<string>()

const take = ({ id, type, data }: WebhookEvent): void => {
  if (taken.has(id)) return
  taken.add(id)
  console.log(type, data['id'])
}

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const body = await text(request)
  try {
    take(webhook.verify(body, request.headers as Record<string, string>) as WebhookEvent)
    response.writeHead(204).end()
  } catch (error) {
    response.writeHead(error instanceof WebhookVerificationError ? 401 : 500).end()
  }
}

createServer((request, response) => void answer(request, response)).listen(Number(PORT), () =>
  console.log(`Waiting for webhooks on port ${PORT}`),
)
