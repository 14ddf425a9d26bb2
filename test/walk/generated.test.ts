import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import * as z from 'zod/mini'
import type { Operation } from '../../src/http/operation.ts'
import { dotPath } from '../../src/lib/errors.ts'
import { type Answer, changed, client } from '../helpers/api.ts'
import { type Ready, keepExampleTime, ready } from '../helpers/example.ts'
import { isPaged, walked, walksAll } from '../helpers/operations.ts'
import { compareRows, readRows } from '../helpers/rows.ts'
import {
  type Fault,
  MARK,
  type Schema,
  type Sent,
  type Words,
  faultsOf,
  nameOf,
  pathFaultsOf,
  queryFaultsOf,
  schemasOf,
  textOf,
} from '../helpers/schemas.ts'

const EACH = 100
const SEED = 7
/** As many faults of one kind in one place are tried. */
const MOST_ALIKE = 9
const PARAMETER = /\{(\w+)\}/g

keepExampleTime()

let printed: string[] = []

beforeEach(() => {
  printed = []
  for (const level of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, level).mockImplementation((...args: unknown[]) => void printed.push(args.map(String).join(' ')))
})

afterEach(() => {
  vi.restoreAllMocks()
})

interface Request {
  path: Sent
  query: Sent
  headers: Record<string, string>
  body: unknown
}

/** A request that is wrong in one place, and how. */
interface WrongRequest {
  at: string
  kind: string
  make: () => Request
}

/** Parts of a calculation, whose fields depend on their mode and on each other: those of the examples, and these. */
const PARTS = ['query_input', 'currency_config', 'price_plan_details_config', 'usage_config', 'license_entries_config']

/** What alerts are made with, which their template says. */
const WATCHED = ['entityDetails', 'ownerDetails', 'parameters']
const april = { cycleStartDate: '2026-04-01T00:00:00Z', cycleEndDate: '2026-05-01T00:00:00Z' }
const MORE_PARTS = {
  named_license_entries_config: [
    { mode: 'CUSTOM', custom: [] },
    { mode: 'CUSTOM', custom: [{ licenseId: 'seats', name: 7, effectiveFrom: '2026-04-02T00:00:00Z' }] },
  ],
  proration_config: [{ mode: 'CUSTOM', customConfig: { ...april, currentDate: '2026-04-10T12:00:00Z' } }],
  entitlement_overage_config: [
    { mode: 'CUSTOM', custom: [] },
    { mode: 'CUSTOM', custom: [{ featureId: 'reports', quantity: 0.1 }] },
  ],
}

/** Purchases, whose fields depend on their type: money for the wallet is bought, which needs no price plan. */
const BUYS = new Set(['initiateOneTimeEntitlementPlan', 'createProposal'])
const BOUGHT = {
  type: ['WALLET_TOPUP'],
  payment_mode: ['PREPAID'],
  topup_amount: [120, 0.5],
  purchase_amount: [100],
  expiry_date: ['2026-06-01T00:00:00Z', '2030-01-01T00:00:00.5Z'],
}
const OF_OTHER_PURCHASES = [
  'pricePlanId',
  'quantity',
  'rateCardQuantities',
  'purchasePlanOverride',
  'associationOverride',
  'effectiveFrom',
  'effectiveUntil',
]

/** What fields are given that take a few values only, and what they are given as well as any text. */
const wordsOf = (api: Ready, nextTokens: string[]): Words => {
  const some: Record<string, unknown[]> = { data_type: ['STRING'], _search: ['a', 'ac', 'MAIN'] }
  const add = (field: string, value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) add(field, item)
    else if (typeof value === 'object' && value !== null) for (const [key, item] of Object.entries(value)) add(key, item)
    else (some[nameOf(field)] ??= []).push(value)
  }
  const whole: Record<string, unknown[]> = {}
  const buys = BUYS.has(api.operation.operationId)
  for (const { path, request } of api.examples()) {
    add('', request)
    for (const [field, value] of Object.entries(request))
      if (typeof value === 'object' && value !== null) (whole[nameOf(field)] ??= []).push(value)
    for (const [name, value] of Object.entries(path)) for (const field of [name, 'id', 'entity_id', 'resource_id']) add(field, value)
  }
  return {
    only: {
      ...Object.fromEntries([...PARTS, ...WATCHED.map(nameOf)].flatMap((name) => (whole[name] ? [[name, whole[name]]] : []))),
      ...MORE_PARTS,
      country: ['US', 'DE'],
      invoice_currency: ['USD', 'EUR'],
      retain_start_offsets: [false],
      at: ['2026-04-15T00:00:00Z', '2026-12-31T23:59:59.999Z', '2025-01-01T00:00:00Z'],
      supported_currenci: [['USD'], ['USD', 'EUR']],
      currenci: [['USD'], ['EUR', 'USD']],
      _sort: ['id:ASC', 'updated_at:DESC', 'account_id:DESC,updated_at:ASC'],
      next_token: nextTokens,
      url: ['https://hooks.example.com/a?b=c', 'https://203.0.113.9.example.com:8443/'],
      ...(buys && BOUGHT),
    },
    some,
    whole,
    /** Its hash takes the Worker a tenth of a second. */
    seldom: [
      'password',
      'enrichments',
      'filterFields',
      'eventIdTemplate',
      'pricingRules',
      ...(buys ? OF_OTHER_PURCHASES : ['type']),
      'pricePlanDetailsOverride',
      'pricingRulesOverride',
      'preActions',
    ],
    often: buys ? ['type', 'walletTopupDetails'] : ['pricePlanId', ...(api.operation.operationId === 'createAlert' ? WATCHED : [])],
  }
}

const encoded = (sent: Sent): string =>
  Object.entries(sent)
    .flatMap(([name, value]) => [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`))
    .join('&')

const urlOf = ({ path: template }: Operation, { path, query }: Pick<Request, 'path' | 'query'>): string => {
  const base = template.replaceAll(PARAMETER, (_, name: string) => encodeURIComponent(String(path[name])))
  return Object.keys(query).length ? `${base}?${encoded(query)}` : base
}

const HEADERS: Record<string, string[]> = {
  'Idempotency-Key': [`${MARK} key`, `${MARK} key'; DROP TABLE customers; --`, `${MARK}é`, MARK.padEnd(255, 'x'), '0', '__proto__'],
  'If-Match': ['*', '"1"', '"2"', '"1.0"', 'W/"1"', '"999"', `"${MARK}", "1", "1.1", "1.2"`, '""', '"1",', ', "1",,"2"'],
  'If-None-Match': ['*', '"1"', '"1.0"', '"1.1"', 'W/"2"', '"999"', `"${MARK}"`],
}
const WRONG_HEADERS: Record<string, string[]> = {
  'Idempotency-Key': ['', MARK.padEnd(256, 'x'), MARK.repeat(1000), `${MARK}, ${MARK}`],
  'If-Match': ['', MARK, '1', '"1', '"1" "2"', 'W/1', ',', '*,', `"${MARK}é"`],
  'If-None-Match': ['', MARK, '"', '*, "1"', 'w/"1"'],
  'X-D1-Bookmark': ['', MARK, '0-0-0-0', 'first-primary', `00000000-00000000-00000000-${MARK}`, '0'.repeat(5000)],
}

const schemaOf = (schema: z.ZodMiniType = z.strictObject({})): Schema => z.toJSONSchema(schema, { io: 'input' }) as Schema

/** What one operation is sent in an organization that is ready for it. */
const requestsTo = (operation: Operation, api: Ready, nextTokens: string[], bookmark: string) => {
  const words = wordsOf(api, nextTokens)
  const of = (schema: z.ZodMiniType | undefined) => schemasOf(schemaOf(schema), words)
  const [path, query] = [of(operation.param), of(operation.query)]
  const body = operation.json && of(operation.json)
  const takes = (schema: z.ZodMiniType | undefined, value: unknown) => !schema || z.safeParse(schema, value).success
  const inText = (values: unknown) => Object.fromEntries(Object.entries(values as object).map(([name, value]) => [name, String(value)]))

  const paths = path
    .object(path.root)
    .map(inText)
    .filter((sent) => takes(operation.param, sent) && !Object.values(sent).some((one) => /^\.\.?$/.test(one)))
  const queries = (most: number) =>
    query
      .object(query.root, most)
      .map(inText)
      .filter((sent) => takes(operation.query, sent))
  const bodies = body ? body.valid(body.root, '').filter((sent) => takes(operation.json, JSON.parse(textOf(sent)))) : fc.constant(undefined)
  const legal: Record<string, string[]> = { ...HEADERS, ...(bookmark && { 'X-D1-Bookmark': [bookmark] }) }
  const some = fc
    .subarray(Object.keys(legal), { maxLength: 2 })
    .chain((names) => fc.record(Object.fromEntries(names.map((name) => [name, fc.constantFrom(...(legal[name] ?? []))]))))
  const headers = fc.oneof(fc.constant({}), some)
  const right = (most: number): fc.Arbitrary<Request> => fc.record({ path: paths, query: queries(most), headers, body: bodies })

  /** Every way in which a request is wrong in one place. */
  const faultsIn = (request: Request): WrongRequest[] => {
    const inPart = <Part extends keyof Request>(part: Part, faults: readonly Fault<Request[Part]>[]) =>
      faults.map(({ at, kind, make }) => ({
        at: at.length ? dotPath(at) : part,
        kind,
        make: (): Request => ({ ...request, [part]: make() }),
      }))
    const headerFaults = Object.entries(WRONG_HEADERS)
      .filter(([name]) => operation.writes || name !== 'Idempotency-Key')
      .flatMap(([name, values]) => values.map((value) => ({ at: [name], kind: 'malformed header', make: () => ({ [name]: value }) })))
    return [
      ...inPart('path', pathFaultsOf(path, request.path)),
      ...inPart('query', queryFaultsOf(query, request.query)),
      ...inPart('headers', headerFaults),
      ...inPart('body', body ? faultsOf(body, body.root, request.body) : []),
    ]
  }
  /** One request for each fault of each place, and as many more as there must be. */
  const wrong = (): WrongRequest[] => {
    const all = fc
      .sample(fc.noBias(right(1)), { seed: SEED, numRuns: EACH })
      .map((request) => faultsIn(request).filter(({ at, kind }) => !isTaken(at, kind)))
    const found = new Map<string, WrongRequest>()
    for (const faults of all) {
      const count = new Map<string, number>()
      for (const fault of faults) {
        const place = `${fault.kind} ${fault.at.replaceAll(/\[\d+\]/g, '[]')}`
        const nth = (count.get(place) ?? 0) + 1
        count.set(place, nth)
        if (nth <= MOST_ALIKE && !found.has(`${place} ${nth}`)) found.set(`${place} ${nth}`, fault)
      }
    }
    const more = all.flatMap((faults, n) => faults[(n * 7919) % faults.length] ?? [])
    return [...found.values(), ...more.slice(0, Math.max(0, EACH - found.size))]
  }
  return { right: right(2), wrong }
}

const setUp = async (operation: Operation) => {
  const api = await ready(operation.operationId)
  const [method, path, body] = api.request()
  const isList = isPaged(operation)
  const first = isList ? await api.get(`${path.split('?')[0]}?pageSize=1`) : await api.get('/customers')
  const requests = requestsTo(
    operation,
    api,
    isList && first.body.nextToken ? [first.body.nextToken] : [],
    first.headers.get('X-D1-Bookmark') ?? '',
  )
  printed = []
  const send = ({ headers, body: sent, ...rest }: Request): Promise<Answer> =>
    api.call(method, urlOf(operation, rest), sent === undefined ? undefined : textOf(sent), headers)
  return { api, send, known: [method, path, body] as const, ...requests }
}

/** A D1 of which everything fails that is asked of it. */
const failing = (message: string) => {
  const seen = { calls: 0 }
  const fail = () => {
    seen.calls++
    return Promise.reject(new Error(message))
  }
  const statement = { bind: () => statement, first: fail, run: fail, all: fail, raw: fail } as unknown as D1PreparedStatement
  return { d1: changed(() => ({ prepare: () => statement, batch: fail })), seen }
}

/** Texts of a request, each with where it is: `body.account.aliases`. */
const textsIn = (value: unknown, at: string): [at: string, text: string][] => {
  if (typeof value === 'string') return [[at, value]]
  if (Array.isArray(value)) return value.flatMap((item) => textsIn(item, at))
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => textsIn(item, `${at}.${key}`))
}

const namesIn = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(namesIn)
  return typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, item]) => [key, ...namesIn(item)]) : []
}

/** What a message may repeat: ids and what else names a thing. */
const REPEATED =
  /^path\.|^query\.source_price_plan_id$|^body\.(?:.*\.)?(?:id|\w+Ids?|account_id|aliases|aliases\.value|accountAliases\.value|accountAliases\.id|namespace|email|eventSchemaName|schemaName|attributeName|billableName|filterFields|filters\.field|(?:attributes|dimensions|dependencies|fields)\.name|fields\.value|eventIdTemplate|matcher|computation|rateCardName|billableId|action\.target)$/

/** The words of the contract, which name no field. */
const NOTHING_MATCHES = 'No events match the given filters'

/** Whether what a request names is not there, which these answer with 400 by their contract. */
const isNotThere = (operationId: string, { status, body }: Answer): boolean => {
  const message = String(body?.message)
  return (
    status === 400 &&
    (message === NOTHING_MATCHES ||
      (['addLicenseUpdateEntry', 'ingestEntitledEvent'].includes(operationId) && message.includes('" does not exist')))
  )
}

const UNIQUE = new RegExp(`^${MARK}[0-9a-z]{7}`)

/** Where a decimal text is wanted a number is taken as well: it counts by its text. */
const isTaken = (at: string, kind: string): boolean => kind === 'wrong type' && /(?:slabConfig|slabRateConfig|rateConfig)\b.{2,}$/.test(at)

/** Names of tables and columns, which no caller knows. */
let inSql: string[] = []
beforeAll(async () => {
  const { results } = await env.DB.prepare("SELECT name FROM sqlite_schema WHERE name NOT GLOB '_cf*'").all<{ name: string }>()
  const names = results.map(({ name }) => name)
  const columns = await env.DB.batch<{ name: string }>(
    names.map((name) => env.DB.prepare('SELECT name FROM pragma_table_info(?)').bind(name)),
  )
  inSql = [...names, ...columns.flatMap((table) => table.results.map(({ name }) => name))].filter((name) => name.includes('_'))
})

const SQL =
  /\b(?:select|insert|update|delete|drop|where|values|constraint|returning|sqlite\w*|d1_error\w*|json_(?:each|array|object|patch|group\w*)|drizzle\w*|params)\b/i
const STACK = /\n|\bat \S+:\d|\.[jt]s\b|Error\b/

/** The codes that a field takes, some of which are words of SQL. */
const CODES = /must be [A-Z_]+(?: or [A-Z_]+)*|is required for [A-Z]+/g

/** What a message says beside what it repeats of the request, which may be cut short. */
const ownWords = (message: string, repeated: readonly string[]): string => {
  const [whole, isCut] = message.endsWith('…') ? [message.slice(0, -1), true] : [message, false]
  const known = repeated.filter((one) => one.length > 2).toSorted((one, other) => other.length - one.length)
  let own = whole
  for (const one of known) {
    own = own.replaceAll(dotPath([one]), '~').replaceAll(one, '~')
    const start = own.lastIndexOf(one.slice(0, 3))
    if (isCut && start >= 0 && one.startsWith(own.slice(start))) own = own.slice(0, start)
  }
  return own
}

/** What holds for the answer to any request of an organization. */
const holding = (operation: Operation) => {
  const { operationId, path: template, param, query: asked, json } = operation
  const documented = template + [param, asked, json].map((schema) => JSON.stringify(schemaOf(schema))).join('')
  const unknown = inSql.filter((name) => !documented.includes(name))
  const named = new Set<string>()
  return ({ path, query, headers, body }: Request, { status, headers: answered, body: said }: Answer): void => {
    expect(status, said?.message).toBeLessThan(500)
    expect([401, 403, 405, 415, 429], said?.message).not.toContain(status)
    const texts = [...textsIn(path, 'path'), ...textsIn(query, 'query'), ...textsIn(headers, 'header'), ...textsIn(body, 'body')]
    for (const [at, text] of texts) if (REPEATED.test(at)) named.add(text).add(text.normalize('NFC'))
    if (status >= 400) {
      const message = String(said.message)
      const names = [...namesIn(path), ...namesIn(query), ...namesIn(body), ...Object.keys(headers)]
      const isLeaked = ([at, text]: [string, string]) => UNIQUE.test(text) && !REPEATED.test(at) && message.includes(text.slice(0, 13))
      expect(texts.filter(isLeaked).map(([at]) => `${at} is repeated in ${message}`)).toEqual([])
      const own = ownWords(message, [...named, ...names])
      expect(own).not.toContain(MARK)
      expect(own.replaceAll(CODES, '')).not.toMatch(SQL)
      expect(own).not.toMatch(STACK)
      if (status === 400 && message !== NOTHING_MATCHES) expect(message).toContain(': ')
      expect(unknown.filter((name) => own.includes(name) && !names.includes(name)).map((name) => `${name} in ${own}`)).toEqual([])
    }
    expect(printed).toHaveLength(1)
    const [line = ''] = printed
    printed = []
    /** A body that is too large is refused before its operation is looked at. */
    expect(JSON.parse(line)).toMatchObject({
      ...(status !== 413 && { operationId }),
      status,
      requestId: answered.get('X-Request-Id'),
    })
    expect(line).not.toContain(MARK)
  }
}

const kinds = new Set<string>()

/** What is wrong in an event keeps no other of the request from being taken, and is held in test/events. Of each, the tables that are written beside the events. */
const takesEvents: ReadonlyMap<string, readonly string[]> = new Map([
  ['ingest', ['ledger_generations']],
  ['ingestBatch', ['ledger_generations']],
  ['eventCorrection', ['audit_log', 'outbox', 'jobs', 'job_entries', 'ledger_generations']],
])

/** The contract has a status of its own for a page of events that is too large. */
const statusOf = ({ operationId }: Operation, at: string, kind: string): unknown =>
  ['getEvents', 'listFeatureCreditEntries', 'getLicenseUpdates', 'getNamedLicenseUpdates', 'listInvoices'].includes(operationId) &&
  at === 'pageSize' &&
  kind === 'out of bounds'
    ? expect.toBeOneOf([400, 422])
    : 400

const every = walked.map((operation) => ({ operation, operationId: operation.operationId }))

describe.each(every)('$operationId', ({ operation }) => {
  it.skipIf(takesEvents.has(operation.operationId))(
    `refuses ${EACH} requests or more that are wrong in one place, by that place, and keeps nothing`,
    async () => {
      const { api, send, wrong } = await setUp(operation)
      const hold = holding(operation)
      const before = await readRows(api.id)
      for (const { at, kind, make } of wrong()) {
        const request = make()
        const answer = await send(request)
        hold(request, answer)
        const isLarge = request.body !== undefined && new TextEncoder().encode(textOf(request.body)).length > operation.largestBody
        expect([kind, answer.status, answer.body.message]).toEqual(
          isLarge
            ? [kind, 413, expect.any(String)]
            : [kind, statusOf(operation, at, kind), expect.stringContaining(kind === 'repeated' ? at : `${at}: `)],
        )
        kinds.add(kind)
      }
      expect(compareRows(before, await readRows(api.id))).toEqual([])
    },
  )

  it.runIf(takesEvents.has(operation.operationId))(
    'refuses what is wrong in one place, by that place, unless it is in an event, and keeps nothing but events',
    async () => {
      const { api, send, wrong } = await setUp(operation)
      const hold = holding(operation)
      const before = await readRows(api.id)
      for (const { at, kind, make } of wrong()) {
        const request = make()
        const answer = await send(request)
        hold(request, answer)
        const isOfEvent = /^(?:body|events?)\b/.test(at)
        if (!isOfEvent) expect([at, kind, answer.status]).toEqual([at, kind, 400])
      }
      const tables = compareRows(before, await readRows(api.id)).map((row) => row.split(' ')[1])
      const written = takesEvents.get(operation.operationId) ?? []
      expect([...new Set(tables)].filter((table) => !written.includes(table ?? ''))).toEqual([])
    },
  )

  it(`answers ${EACH} requests that are right: with what was asked for, or why not`, async () => {
    const { send, right } = await setUp(operation)
    const bystander = await ready(operation.operationId)
    const before = await readRows(bystander.id)
    printed = []
    const hold = holding(operation)
    const seen: number[] = []
    await fc.assert(
      fc.asyncProperty(fc.noBias(right), async (request) => {
        const answer = await send(request)
        hold(request, answer)
        expect([operation.status, 304, 400, 404, 409, 412, 422]).toContain(answer.status)
        seen.push(isNotThere(operation.operationId, answer) ? 404 : answer.status)
      }),
      { seed: SEED, numRuns: EACH, endOnFailure: true },
    )
    expect(compareRows(before, await readRows(bystander.id))).toEqual([])
    expect(seen).toContain(operation.status)
    expect(seen.filter((status) => status === 400).length).toBeLessThan(EACH / 3)
  })

  it('says nothing of what goes wrong in D1', async () => {
    const { api, known } = await setUp(operation)
    const secrets = new RegExp(`${MARK}|secret|select|acme|example\\.com|${api.token}`, 'i')
    for (const fault of [
      'no such column: secret_column: SQLITE_ERROR',
      'UNIQUE constraint failed: customers.primary_email: SQLITE_CONSTRAINT',
      `NOT_A_CONFLICT ["${MARK}"]: SQLITE_CONSTRAINT`,
      `${MARK} is not to be had`,
    ]) {
      printed = []
      const { d1, seen } = failing(`D1_ERROR: ${fault} near "select * from customers where id = '${MARK}'"`)
      const { status, body } = await client(api.token, d1).call(...known)
      const isAsked = seen.calls > 0
      expect([isAsked, status]).toEqual(isAsked ? [true, 500] : [operation.writes, operation.status])
      if (isAsked) expect(body.message).toBe('Something went wrong on our side. The header X-Request-Id names this request.')
      expect(printed).toHaveLength(1)
      expect(printed[0]).not.toMatch(secrets)
    }
  })

  if (operation.param)
    it('knows nothing by a path that is not UTF-8', async () => {
      const { call } = (await setUp(operation)).api
      for (const part of ['%', '%ff', '%ED%A0%80', '%C0%AF', `${MARK}%`, '%00', '%0A']) {
        printed = []
        const path = operation.path.replaceAll(PARAMETER, part)
        const { status } = await call(operation.method.toUpperCase(), path, operation.json && {})
        expect([path, status]).toEqual([path, expect.toBeOneOf([400, 404])])
        expect(printed.join('')).not.toContain(MARK)
      }
    })
})

it.runIf(walksAll)('was wrong in every way that there is', () => {
  const all = ['NUL', 'malformed', 'malformed header', 'missing', 'null', 'out of bounds', 'repeated', 'sent twice', 'surrogate', 'too few']
  expect([...kinds].toSorted()).toEqual([...all, 'too long', 'too many', 'too short', 'unknown code', 'unknown key', 'wrong type'])
})
