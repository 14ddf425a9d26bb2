import type { Bindings } from '../src/db/context.ts'
import api, * as its from '../src/index.ts'
import { type PlantLedgers, plantLedger } from './growth/ledgers.ts'
import { recordRequest, replay } from './replay.ts'

/** The runtime looks for these, as wrangler.toml names them. */
export { WebhookSender } from '../src/index.ts'

/** The ledgers of the Worker, into which rows can be planted. */
export class AccountLedger extends its.AccountLedger {
  plant(asked: PlantLedgers): void {
    plantLedger(this.ctx.storage, asked)
  }
}
export class EventLedger extends its.EventLedger {
  plant(asked: PlantLedgers): void {
    plantLedger(this.ctx.storage, asked)
  }
}

interface PlantRequest extends PlantLedgers {
  /** The name of the ledger. */
  name: string
}

/** The databases of the Worker: its own, that of the work written by hand, and one in which an organization is alone. */
interface Env extends Bindings {
  BARE: D1Database
  ALONE: D1Database
}

export interface MeasureRequest {
  database: 'DB' | 'ALONE'
  token: string
  path: string
  /** What is sent with POST. */
  body?: unknown
  /** How many requests, one after another; in a walk each asks for the page after the one before. */
  times: number
  walk?: boolean
}

export interface Measurement {
  /** The mean time of a request in milliseconds. */
  ms: number
  /** The rows that D1 read for the last one. */
  rowsRead: number
  /** The number of different rows in the answers. */
  shown: number
  nextToken?: string | undefined
}

type Answer = Record<string, unknown>

interface Sent {
  id: string
  name: string
  primaryEmail: string
  address: Record<string, string>
  account: { id: string; name: string; invoiceCurrency: string; aliases: [string] }
}

const CUSTOMER = `INSERT INTO customers (togai_customer_id, organization_id, id, name, primary_email, address, status, created_at, updated_at, version, id_folded, name_folded, primary_email_folded)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'ACTIVE', ?7, ?7, 1, lower(?3), lower(?4), lower(?5))`
const ACCOUNT = `INSERT INTO accounts (togai_account_id, organization_id, togai_customer_id, customer_id, id, name, invoice_currency, status, created_at, updated_at, invoice_currency_given, version, id_folded, name_folded)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'ACTIVE', ?8, ?8, 1, 1, lower(?5), lower(?6))`
const ALIAS = `INSERT INTO account_aliases (id, organization_id, togai_account_id, value, effective_from, effective_until, created_at, updated_at)
  VALUES (?1, ?2, ?3, ?4, 0, 253370764800000, ?5, ?5)`
const AUDIT = `INSERT INTO audit_log (organization_id, sequence, at, token_id, role, operation_id, resource_type, resource_id, request_id, changes)
  SELECT ?1, coalesce((SELECT sequence FROM audit_log WHERE organization_id = ?1 ORDER BY at DESC, sequence DESC LIMIT 1), 0) + 1,
    ?2, 'token.bench', 'ADMINISTRATOR', 'createCustomer', ?3, ?4, ?5, ?6`
const KEY = `INSERT INTO idempotency_keys (organization_id, key, role, fingerprint, status, location, body, created_at, etag)
  VALUES (?1, ?2, 'ADMINISTRATOR', ?3, 201, ?4, ?5, ?6, '1')`
const OUTBOX = `INSERT INTO outbox (organization_id, at, operation_id, resource_type, resource_id)
  VALUES (?1, ?2, 'createCustomer', 'CUSTOMER', ?3), (?1, ?2, 'createCustomer', 'ACCOUNT', ?4)`
const DUE = "INSERT INTO due (organization_id, kind, subject, due_at) VALUES (?1, 'NAMES_GAINED', ?2, ?3)"
const DONE = "DELETE FROM due WHERE organization_id = ?1 AND kind = 'NAMES_GAINED' AND subject = ?2"
const ONE = 'SELECT * FROM customers WHERE organization_id = ?1 AND id = ?2'
const PAGE = "SELECT * FROM customers WHERE organization_id = ?1 AND status = 'ACTIVE' ORDER BY updated_at DESC, id LIMIT 101"

const ORGANIZATION = 'org.bench'

const show = (row: Record<string, unknown>) => ({
  id: row['id'],
  togaiCustomerId: row['togai_customer_id'],
  name: row['name'],
  primaryEmail: row['primary_email'],
  billingAddress: 'Florence, US',
  address: JSON.parse(String(row['address'])) as unknown,
  status: row['status'],
  createdAt: new Date(Number(row['created_at'])).toISOString(),
  updatedAt: new Date(Number(row['updated_at'])).toISOString(),
})

const createByHand = async (request: Request, d1: D1Database, context: ExecutionContext): Promise<Response> => {
  const { id, name, primaryEmail, address, account } = (await request.json()) as Sent
  const [now, customer, togaiAccountId, requestId] = [Date.now(), crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()]
  const { aliases, ...rest } = account
  const shown = {
    ...rest,
    togaiAccountId,
    customerId: id,
    togaiCustomerId: customer,
    status: 'ACTIVE',
    aliases: [{ alias: aliases[0], status: 'ACTIVE' }],
    settings: [],
  }
  const answer = JSON.stringify({
    id,
    togaiCustomerId: customer,
    name,
    primaryEmail,
    billingAddress: 'Florence, US',
    address,
    settings: [],
    account: shown,
  })
  await d1.batch([
    d1.prepare(KEY).bind(ORGANIZATION, request.headers.get('Idempotency-Key'), 'f'.repeat(43), `/customers/${id}`, answer, now),
    d1.prepare(CUSTOMER).bind(customer, ORGANIZATION, id, name, primaryEmail, JSON.stringify(address), now),
    d1.prepare(ACCOUNT).bind(togaiAccountId, ORGANIZATION, customer, id, account.id, account.name, account.invoiceCurrency, now),
    d1.prepare(ALIAS).bind(crypto.randomUUID(), ORGANIZATION, togaiAccountId, aliases[0], now),
    d1.prepare(AUDIT).bind(
      ORGANIZATION,
      now,
      'CUSTOMER',
      id,
      requestId,
      JSON.stringify({
        id: [null, id],
        name: [null, name],
        primaryEmail: [null, primaryEmail],
        address: [null, address],
        status: [null, 'ACTIVE'],
      }),
    ),
    d1.prepare(AUDIT).bind(
      ORGANIZATION,
      now,
      'ACCOUNT',
      account.id,
      requestId,
      JSON.stringify({
        id: [null, account.id],
        name: [null, account.name],
        invoiceCurrency: [null, 'USD'],
        accountAliases: [null, aliases],
      }),
    ),
    d1.prepare(OUTBOX).bind(ORGANIZATION, now, id, account.id),
    d1.prepare(DUE).bind(ORGANIZATION, account.id, now),
  ])
  /** An organization without events has nothing that waits for the account, so what is due is done with it. */
  context.waitUntil(d1.prepare(DONE).bind(ORGANIZATION, account.id).run())
  return new Response(answer, { status: 201, headers: { 'Content-Type': 'application/json' } })
}

const answerByHand = async (request: Request, path: string, d1: D1Database, context: ExecutionContext): Promise<Response> => {
  if (request.method === 'POST') return createByHand(request, d1, context)
  if (path.startsWith('/customers/')) {
    const row = await d1
      .prepare(ONE)
      .bind(ORGANIZATION, decodeURIComponent(path.slice('/customers/'.length)))
      .first()
    return row ? Response.json(show(row)) : new Response(null, { status: 404 })
  }
  const { results } = await d1.prepare(PAGE).bind(ORGANIZATION).all()
  return Response.json({ data: results.slice(0, 100).map(show) })
}

/** The last line of the log. Log lines are not printed, since printing would be measured too. */
let line = ''
console.log = (text: string) => {
  line = text
}

const measure = async (
  { database, token, path, body, times, walk }: MeasureRequest,
  env: Env,
  context: ExecutionContext,
): Promise<Measurement> => {
  const rows = new Set<string>()
  let nextToken: string | undefined
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
  const sent = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
  const start = performance.now()
  for (let n = 0; n < times; n++) {
    if (walk && n > 0 && nextToken === undefined) throw new Error(`ends before page ${n + 1}, with ${rows.size} rows`)
    const at = walk && n > 0 ? `${path.split('?')[0]}?nextToken=${nextToken}` : path
    const response = await api.fetch(new Request(`http://127.0.0.1${at}`, sent), { ...env, DB: env[database] }, context)
    const text = await response.text()
    if (!response.ok) throw new Error(`${at} was answered ${response.status} ${text}`)
    const answer = JSON.parse(text) as Answer
    const data: readonly unknown[] = Array.isArray(answer['data']) ? answer['data'] : [answer]
    if (walk || n === 0) for (const row of data) rows.add(JSON.stringify(row))
    nextToken = typeof answer['nextToken'] === 'string' ? answer['nextToken'] : undefined
  }
  const ms = (performance.now() - start) / times
  return { ms, rowsRead: (JSON.parse(line) as Measurement).rowsRead, shown: rows.size, nextToken }
}

const recordings = new Map<string, Awaited<ReturnType<typeof recordRequest>>>()

/** Serves a request as this Worker does, and keeps what it called under a name; or makes these calls again. */
const recordOrReplay = async (request: Request, path: string, env: Env, context: ExecutionContext): Promise<Response> => {
  const [what, name = ''] = path.slice(1).split('/', 2)
  const recording = recordings.get(name)
  if (what === 'replay' && recording) return replay(recording, env.DB, context)
  const url = new URL(request.url.replace(`/bare/record/${name}`, ''))
  recordings.set(
    name,
    await recordRequest((...all) => api.fetch(...(all as Parameters<typeof api.fetch>)), new Request(url, request), env, context),
  )
  return Response.json(recordings.get(name))
}

/**
 * Serves this Worker; under /bare, the same work written by hand on `BARE`, or the calls of a recorded request made again; at /measure, timed
 * requests to this Worker on `DB` or `ALONE`; and at /plant, ledgers that rows are planted into.
 */
// oxlint-disable-next-line import/no-default-export
export default {
  async fetch(request: Request, env: Env, context: ExecutionContext): Promise<Response> {
    const path = request.url.slice(request.url.indexOf('/', 8))
    if (path.startsWith('/bare/record/') || path.startsWith('/bare/replay/'))
      return recordOrReplay(request, path.slice('/bare'.length), env, context)
    if (path.startsWith('/bare')) return answerByHand(request, path.slice('/bare'.length), env.BARE, context)
    if (path === '/measure') return Response.json(await measure(await request.json<MeasureRequest>(), env, context))
    if (path === '/plant') {
      const { name, ...asked } = await request.json<PlantRequest>()
      const { AccountLedger: account, EventLedger: event } = context.exports as unknown as Record<
        string,
        DurableObjectNamespace<EventLedger>
      >
      await (asked.kind === 'EVENT' ? event : account)?.getByName(name).plant(asked)
      return Response.json({})
    }
    return api.fetch(request, request.headers.has('X-Alone') ? { ...env, DB: env.ALONE } : env, context)
  },
}
