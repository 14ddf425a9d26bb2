import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { startBenchmark } from './benchmark.ts'
import { customerOf, serveAccounts } from './billed_accounts.ts'

/** How long a receiver takes, and how long is measured, in milliseconds. */
const [ANSWER, MINUTE] = [50, 60_000]
/** How much waits for each endpoint, so that none is done within the minute, and how many changes of each organization are to be told. */
const [WAITING, CHANGES] = [8000, 10_000]
const CHANGES_OF = 3

const directory = startBenchmark('Bench of webhooks', 600_000)
const { server, worker, DB, ask, makeOrganization } = await serveAccounts(directory, { WEBHOOK_LOCAL: 'on' })

const seen = new Map<string, number>()
const open = new Map<string, number>()
const most = new Map<string, number>()
const receiver = createServer((request, response) => {
  const path = request.url ?? ''
  const id = String(request.headers['webhook-id']) + path
  seen.set(id, (seen.get(id) ?? 0) + 1)
  const now = (open.get(path) ?? 0) + 1
  open.set(path, now)
  most.set(path, Math.max(most.get(path) ?? 0, now))
  request.resume()
  setTimeout(() => {
    open.set(path, (open.get(path) ?? 1) - 1)
    response.writeHead(204).end()
  }, ANSWER)
})
await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
const { port } = receiver.address() as AddressInfo

/** Puts what waits for endpoints into the database, as if it had just been made of what has happened. */
const makeWaiting = async (organization: string, endpoints: readonly string[]): Promise<void> => {
  const now = Date.now()
  const body = JSON.stringify({ type: 'invoice.generated', data: { lines: 'x'.repeat(2000) } })
  for (const [place, endpoint] of endpoints.entries())
    for (let from = 0; from < WAITING; from += 1000) {
      const numbers = `WITH RECURSIVE n (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM n WHERE n < ${from + 999})`
      await DB.batch([
        DB.prepare(
          `INSERT INTO webhook_events ${numbers} SELECT 'evt.' || ?1 || n, ?2, 'invoice.generated', 'INVOICE', 'inv' || n, ?3, ?4 FROM n`,
        ).bind(`${endpoint}.${place}.`, organization, body, now),
        DB.prepare(
          `INSERT INTO webhook_deliveries ${numbers} SELECT 'delivery.' || ?1 || n, ?2, ?5, 'evt.' || ?1 || n, n + 1, 'invoice.generated', 'INVOICE',
             'inv' || n, 'PENDING', 0, 0, ?4, 0, NULL, NULL, NULL, NULL, ?4, NULL FROM n WHERE ?3 IS NOT NULL`,
        ).bind(`${endpoint}.${place}.`, organization, body, now, endpoint),
      ])
    }
}

const runCron = async (): Promise<void> => {
  const { outcome } = await worker.scheduled({ scheduledTime: new Date(), cron: '* * * * *' })
  if (outcome !== 'ok') throw new Error(`The cron ended ${outcome}`)
}

const tell = (what: string, count: number): void => console.log(`${what.padEnd(56)} ${count.toLocaleString('en').padStart(8)}`)

/** Counts what receivers are sent within a minute, with one run of the cron at its beginning. */
const measureSending = async (endpoints: number): Promise<void> => {
  const { id, token } = await makeOrganization()
  const ids: string[] = []
  for (let n = 0; n < endpoints; n++)
    ids.push(
      String(
        (await ask(token, '/webhook_endpoints', { url: `http://127.0.0.1:${port}/${endpoints}/${n}`, eventTypes: ['proposal.created'] }))[
          'id'
        ],
      ),
    )
  await makeWaiting(id, ids)
  seen.clear()
  most.clear()
  const start = Date.now()
  await runCron()
  await wait(Math.max(0, start + MINUTE - Date.now()))
  const counts = [...seen.values()]
  if (!counts.length) throw new Error('nothing was sent')
  tell(`deliveries a minute to ${endpoints} that answers in ${ANSWER} ms`, counts.length)
  tell('  requests to one of them at once, at most', Math.max(...most.values()))
  if (counts.some((count) => count > 1)) console.log(`${counts.filter((count) => count > 1).length} were sent twice`)
  for (const one of ids) await ask(token, `/webhook_endpoints/${one}`, undefined, 'DELETE')
}

const countMade = async (): Promise<number> =>
  (await DB.prepare("SELECT count(*) AS n FROM webhook_events WHERE type = 'customer.created'").first<number>('n')) ?? 0

/** Counts the changes of which events are made within a minute, of several organizations. */
const measureMaking = async (): Promise<void> => {
  for (let n = 0; n < CHANGES_OF; n++) {
    const { id, token } = await makeOrganization()
    await ask(token, '/customers', customerOf(1))
    await ask(token, '/webhook_endpoints', { url: `http://127.0.0.1:${port}/made`, eventTypes: ['customer.created'] })
    await DB.prepare(
      `WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ${CHANGES})
       INSERT INTO outbox (organization_id, at, operation_id, resource_type, resource_id, status) SELECT ?1, ?2, 'bench', 'CUSTOMER', 'customer-1', '[null,"ACTIVE"]' FROM n`,
    )
      .bind(id, Date.now())
      .run()
  }
  const start = Date.now()
  await runCron()
  while (Date.now() < start + MINUTE && (await countMade()) < CHANGES * CHANGES_OF) await wait(1000)
  tell(
    `changes a minute of ${CHANGES_OF} organizations, told to one each`,
    Math.round(((await countMade()) * MINUTE) / (Date.now() - start)),
  )
}

try {
  await measureSending(1)
  await measureSending(10)
  await measureMaking()
} finally {
  await server.close()
  receiver.close()
  receiver.closeAllConnections()
}
