import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { STATUSES, codeOf } from '../../src/ledger/client.ts'
import { type Api, changed, client, organization } from '../helpers/api.ts'
import { homeIn, plantEvents } from '../helpers/metrics.ts'
import { NAIVE_TABLES, type NaiveRow, evaluateNaively } from '../helpers/naive_reports.ts'
import { csvOf, doReports, finish, parseCsv } from '../helpers/reports.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** In every text of a caller, so that it is found wherever it should not be. */
const MARK = 'mrk7f3'
const HOSTILE = [
  `${MARK}'; DROP TABLE reports; --`,
  `${MARK}" OR 1=1 --`,
  `${MARK}) UNION SELECT hash FROM tokens --`,
  `=${MARK}+cmd|' /C calc'!A0`,
  `${MARK},\r\n"${MARK}"`,
  `${MARK}\u{1F980}é`,
  `${MARK}%_?1`,
]
const HOUR = 3_600_000
const START = Date.UTC(2024, 0, 30)

const METERED = codeOf('INGESTION_COMPLETED_EVENT_METERED')
const METERS = ['um.00000000001.00001', 'um.00000000002.00002']

/** What an organization has. Two of them have the same ids, and other values. */
const rowsFor = (seed: number): Record<string, NaiveRow[]> => {
  const pick = <Item>(items: readonly Item[], n: number): Item => items[(n * 7 + seed * 3) % items.length] as Item
  const many = <Row>(count: number, make: (n: number) => Row): Row[] => Array.from({ length: count }, (_, n) => make(n))
  const customers = many(4, (n) => ({ id: `${n} ${pick(HOSTILE, n)}`, name: `${pick(HOSTILE, n + seed)} of ${seed}` }))
  const ids = many(13, (n) => `${n} ${HOSTILE[n % HOSTILE.length] ?? ''}`)
  const accounts = ids.map((id, n) => {
    const owner = customers[n % customers.length] as { id: string; name: string }
    return {
      account_id: id,
      customer_id: owner.id,
      name: `${pick(HOSTILE, n)} ${seed}`,
      invoice_currency: pick(['USD', 'EUR', 'INR'], n),
      primary_email: n % 3 ? `${n % 4}@${MARK}.example` : null,
      created_at: START + n * 7 * HOUR + seed,
      tags: n % 4 ? many(n % 3, (tag) => `tag ${tag} ${MARK}`) : null,
      'customers.id': owner.id,
      'customers.name': owner.name,
    }
  })
  const license_entries = many(30, (n) => ({
    account_id: pick(ids, n),
    license_id: pick(['addon.a', 'addon.b'], n),
    effective_from: START + ((n * 13) % 50) * 24 * HOUR,
    created_at: START + n * HOUR,
    quantity: pick(['0', '1', '2.5', '100000000000000000000.000000001', '7'], n + seed),
  }))
  const invoices = many(25, (n) => ({
    id: `inv.${n}`,
    owner_id: pick(ids, n),
    status: pick(['DUE', 'PAID', 'VOID', 'DRAFT'], n),
    class: pick(['INVOICE', 'ORDER'], n),
    total_amount: pick(['12.5', '-3', '0', '0.1', '99999999999999999999.99', '12.50'.slice(0, 4)], n + seed),
    due_date: START + (n % 5) * 24 * HOUR + 30 * 24 * HOUR,
    created_at: START + (n % 9) * HOUR,
  }))
  const events = many(40, (n) => ({
    event_id: `e${n} ${pick(HOSTILE, n)}`,
    account_id: n % 6 ? pick(ids, n) : `nobody ${MARK}`,
    customer_id: null as string | null,
    ingestion_status: STATUSES[n % 3 ? METERED : n % STATUSES.length] ?? 'UNKNOWN',
    event_source_time: START + ((n * 17) % 60) * HOUR * 5 + (n % 2) * (HOUR - 1),
    units: n % 3 && n % 6 ? [pick(['1', '0.000001', '-2.5', '123456789012345678901'], n + seed), n % 2 ? null : '3'] : undefined,
  }))
  for (const event of events) event.customer_id = accounts.find(({ account_id: id }) => id === event.account_id)?.customer_id ?? null
  return { customers, accounts, license_entries, invoices, events: events as unknown as NaiveRow[] }
}

/** The sums of what was planted, by account, meter and hour. */
const usageOf = (events: NaiveRow[], accounts: NaiveRow[]): NaiveRow[] => {
  const parts = events.flatMap(({ account_id = null, event_source_time: at, units }) =>
    ((units ?? []) as unknown as (string | null)[]).flatMap((unit, index) =>
      unit === null ? [] : [{ account_id, billable_id: METERS[index] ?? '', at: Math.floor(Number(at) / HOUR) * HOUR, unit }],
    ),
  )
  return [...Map.groupBy(parts, ({ account_id, billable_id, at }) => JSON.stringify([account_id, billable_id, at])).values()].map((its) => {
    const { account_id, billable_id, at } = its[0] as (typeof its)[number]
    const [total] = evaluateNaively(
      { baseDataSource: 'usage', selects: [{ columnName: 'usage_units', aggregator: 'sum' }], sort: [] },
      its.map(({ unit }) => ({ usage_units: unit })),
    )
    return {
      account_id,
      customer_id: accounts.find((one) => one['account_id'] === account_id)?.['customer_id'] ?? null,
      billable_id,
      usage_units: total?.cells[0] ?? '',
      event_time: at,
    }
  })
}

const plant = async (api: Api, seed: number): Promise<Record<string, NaiveRow[]>> => {
  const rows = rowsFor(seed)
  const { customers = [], accounts = [], license_entries: entries = [], invoices = [], events = [] } = rows
  const now = Date.now()
  const insert = (sql: string, values: unknown[][]) => values.map((one) => env.DB.prepare(sql).bind(...one))
  const own = (id: unknown): string => `${seed} ${api.id} ${String(id)}`
  await env.DB.batch([
    ...insert(
      "INSERT INTO customers VALUES (?, ?, ?, ?, 'a@example.com', '{}', 'ACTIVE', ?, 0, 1, '', '', '')",
      customers.map(({ id, name }) => [own(id), api.id, id, name, START]),
    ),
    ...insert(
      `INSERT INTO accounts (togai_account_id, organization_id, togai_customer_id, customer_id, id, name, invoice_currency, primary_email, tags, status,
         created_at, updated_at, invoice_currency_given, version, id_folded, name_folded) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'ACTIVE', ?, 0, 0, 1, '', '')`,
      accounts.map((one) => [
        own(one['account_id']),
        api.id,
        own(one['customer_id']),
        one['customer_id'],
        one['account_id'],
        one['name'],
        one['invoice_currency'],
        one['primary_email'],
        one['tags'] === null ? null : JSON.stringify(one['tags']),
        one['created_at'],
      ]),
    ),
    ...insert(
      `INSERT INTO invoices (id, organization_id, owner_id, account_id, invoice_class, invoice_type, status, currency, start_at, end_at, invoice_at,
         auto_advance, net_term_days, total, paid, rated, details, info, applies_credits, applies_wallet, created_at, updated_at, version)
       VALUES (?, ?, ?, ?, ?, 'CUSTOM', ?, 'USD', 0, 0, ?, 1, 30, ?, '0', '{}', '{}', '[]', 0, 0, ?, 0, 1)`,
      invoices.map((one) => [
        own(one['id']),
        api.id,
        one['owner_id'],
        one['owner_id'],
        one['class'],
        one['status'],
        Number(one['due_date']) - 30 * 24 * HOUR,
        one['total_amount'],
        one['created_at'],
      ]),
    ),
    ...insert(
      "INSERT INTO add_ons VALUES (?, ?, ?, 'LICENSE', null, 'ACTIVE', 0, 1, '', '', null)",
      ['addon.a', 'addon.b'].map((id) => [`${id} ${api.id}`, api.id, `${id} ${api.id}`]),
    ),
  ])
  for (const one of entries) one['license_id'] = `${String(one['license_id'])} ${api.id}`
  for (const one of invoices) {
    one['id'] = own(one['id'])
    if (one['status'] === 'DRAFT') one['total_amount'] = null
  }
  const pairs = [...new Map(entries.map((one) => [JSON.stringify([one['account_id'], one['license_id']]), one])).values()]
  await env.DB.batch([
    ...insert(
      'INSERT INTO licenses VALUES (?, ?, ?, 1, 1)',
      pairs.map((one) => [api.id, one['account_id'], one['license_id']]),
    ),
    ...insert(
      "INSERT INTO license_updates VALUES (?, ?, ?, ?, 'ABSOLUTE', ?, ?, ?, ?, null, null, null, ?)",
      entries.map((one, n) => [
        `${n} ${api.id}`,
        api.id,
        one['account_id'],
        one['license_id'],
        one['quantity'],
        one['quantity'],
        one['effective_from'],
        n,
        one['created_at'],
      ]),
    ),
    env.DB.prepare("INSERT INTO ledger_generations VALUES (?, 'EVENT', 1, 3, 0, null, null, null)").bind(api.id),
  ])
  await plantEvents(
    homeIn(api.id, 3),
    events.map((one) => ({
      id: String(one['event_id']),
      time: Number(one['event_source_time']),
      account: String(one['account_id']).startsWith('nobody') ? `?${String(one['account_id'])}` : String(one['account_id']),
      ...(one['customer_id'] !== null && { customer: String(one['customer_id']) }),
      schema: 'api',
      status: STATUSES.findIndex((status) => status === one['ingestion_status']),
      ...(one['units'] !== undefined && { units: one['units'] as unknown as (string | null)[] }),
    })),
    METERS,
  )
  expect(now).toBeGreaterThan(START)
  return { ...rows, usage: usageOf(events, accounts) }
}

const UNITS = ['hour', 'day', 'week', 'month', 'year']

const columns = (table: string, isAggregated: fc.Arbitrary<boolean>): fc.Arbitrary<Loose> =>
  fc
    .record({
      name: fc.constantFrom(...Object.keys(NAIVE_TABLES[table] ?? {})),
      isAggregated,
      unit: fc.constantFrom(...UNITS),
      draw: fc.nat(99),
    })
    .map(({ name, isAggregated: hasAggregator, unit, draw }) => {
      const type = NAIVE_TABLES[table]?.[name]
      const [joined, inner] = name.split('.')
      const functions =
        draw % 3 ? [] : type === 'TIME' ? [{ name: 'date_trunc', args: [unit] }] : type === 'NUMBER' ? [{ name: 'abs', args: [] }] : []
      const possible = type === 'NUMBER' ? ['sum', 'count', 'avg', 'min', 'max'] : type === 'TEXTS' ? ['count'] : ['count', 'min', 'max']
      return {
        columnName: inner ?? name,
        ...(inner !== undefined && { dataSource: joined, isJoined: true }),
        ...(functions.length && { functions }),
        ...(hasAggregator && { aggregator: possible[draw % possible.length] }),
      }
    })

const typeIn = (table: string, { columnName, dataSource, aggregator }: Loose): string =>
  ['sum', 'count', 'avg'].includes(aggregator)
    ? 'NUMBER'
    : (NAIVE_TABLES[table]?.[dataSource ? `${dataSource}.${columnName}` : columnName] ?? 'TEXT')

/** A text that is often one of those that are there. */
const args = (table: string, column: Loose, rows: NaiveRow[]): fc.Arbitrary<string> => {
  const name = column.dataSource ? `${column.dataSource}.${column.columnName}` : column.columnName
  const there = [...new Set(rows.flatMap((row) => row[name] ?? []).map(String))]
  const type = typeIn(table, column)
  if (type === 'TIME') return fc.constantFrom(START, ...there.map(Number).filter(Boolean)).map((at) => new Date(at).toISOString())
  if (type === 'NUMBER')
    return fc.oneof(
      fc.constantFrom('0', '1', '-2.5', '2', '3', '1e3'),
      fc.constantFrom('7', ...there.filter((text) => /^-?[\d.]+$/.test(text))),
    )
  return fc.constantFrom(...HOSTILE, ...there)
}

/** Queries that are right, over what is there. */
const queries = (rows: Record<string, NaiveRow[]>): fc.Arbitrary<Loose> =>
  fc.tuple(fc.constantFrom(...Object.keys(NAIVE_TABLES)), fc.boolean()).chain(([table, isGrouped]) => {
    const its = rows[table] ?? []
    const some = fc.boolean().map((one) => isGrouped && one)
    return fc
      .record({
        selects: fc.array(columns(table, some), { minLength: 1, maxLength: 4 }),
        sorted: fc.array(columns(table, fc.constant(isGrouped)), { maxLength: 2 }),
        filtered: fc.array(columns(table, some), { maxLength: 3 }),
        limit: fc.oneof(fc.constant(1000), fc.integer({ min: 1, max: 5 })),
        directions: fc.array(fc.constantFrom('ASC', 'DESC'), { minLength: 3, maxLength: 3 }),
        ofSelected: fc.boolean(),
        hasSeek: fc.nat(3),
      })
      .chain(({ selects, sorted, filtered, limit, directions, ofSelected, hasSeek }) => {
        const named = selects.map((select, index) => ({ ...select, alias: index % 2 ? `${HOSTILE[index]} ${index}` : `c${index}` }))
        const sort = [...(ofSelected ? selects.slice(0, 1) : []), ...sorted].map((column, index) => ({
          column,
          sortOrder: directions[index] ?? 'ASC',
        }))
        const filters = filtered.map((column) => {
          const operators =
            typeIn(table, column) === 'TEXTS' ? ['eq', 'neq', 'in', 'nin'] : ['gt', 'lt', 'gte', 'lte', 'eq', 'neq', 'in', 'nin']
          return fc
            .constantFrom(...operators)
            .chain((operator) =>
              fc
                .array(args(table, column, its), { minLength: 1, maxLength: operator.endsWith('in') ? 4 : 1 })
                .map((texts) => ({ column, operator, args: texts })),
            )
        })
        const seek =
          hasSeek === 0 && sort.length
            ? fc.tuple(...sort.map(({ column }) => fc.oneof({ weight: 5, arbitrary: args(table, column, its) }, fc.constant(''))))
            : fc.constant(undefined)
        return fc.tuple(fc.tuple(...filters), seek).map(([queryFilters, seekValues]) => ({
          baseDataSource: table,
          selects: named,
          sort,
          limit,
          queryFilters,
          ...(seekValues && { seekValues }),
        }))
      })
  })

const sent = (query: Loose): Loose => JSON.parse(JSON.stringify(query, (name, value) => (name === 'isJoined' ? undefined : value)))

/** One place of a query, and what is put there that cannot be right. */
const SPOILED: [string, (query: Loose, text: string) => void][] = [
  ['queryInput.baseDataSource', (query, text) => (query.baseDataSource = text)],
  ['queryInput.selects[0].columnName', (query, text) => (query.selects[0].columnName = text)],
  ['queryInput.selects[0].dataSource', (query, text) => (query.selects[0].dataSource = text)],
  ['queryInput.selects[0].aggregator', (query, text) => (query.selects[0].aggregator = text)],
  ['queryInput.selects[0].functions[0].name', (query, text) => (query.selects[0].functions = [{ name: text, args: [] }])],
  ['queryInput.selects[0].functions[0]', (query, text) => (query.selects[0].functions = [{ name: 'date_trunc', args: [text] }])],
  [
    'queryInput.queryFilters[0].operator',
    (query, text) => (query.queryFilters = [{ column: query.selects[0], operator: text, args: ['1'] }]),
  ],
  [
    'queryInput.queryFilters[0].args',
    (query, text) => (query.queryFilters = [{ column: query.selects[0], operator: 'eq', args: [text, text] }]),
  ],
  ['queryInput.sort[0].sortOrder', (query, text) => (query.sort = [{ column: query.selects[0], sortOrder: text }])],
  ['queryInput.seekValues', (query, text) => (query.seekValues = [text, text, text, text, text])],
]

describe('generated queries', () => {
  let mine: Api
  let theirs: Api
  let rows: Record<string, NaiveRow[]>
  const texts: string[] = []
  const spied = changed((session) => ({
    prepare: (text) => {
      texts.push(text)
      return session.prepare(text)
    },
  }))

  beforeAll(async () => {
    ;[mine, theirs] = [await organization(), await organization()]
    rows = await plant(mine, 1)
    await plant(theirs, 2)
  })

  it('give what a naive evaluation gives, of one organization only, and no text of a caller is in the SQL', async () => {
    const api = { ...mine, ...client(mine.token, spied) }
    const seen = new Set<string>()
    let full = 0
    await fc.assert(
      fc.asyncProperty(queries(rows), async (query) => {
        const { status, body } = await api.post('/reports', { name: `${MARK} report`, queryInput: sent(query) })
        expect([status, body.message]).toEqual([201, undefined])
        await doReports(mine.id, Date.now() + 1000, spied)
        await finish(api, body.id)
        const found = parseCsv(await csvOf((await api.get(`/reports/${body.id}`)).body)).slice(1)
        const expected = evaluateNaively(query, rows[query.baseDataSource] ?? [])
        expect(found).toHaveLength(Math.min(query.limit, expected.length))
        const left = expected.map(({ cells, keys }) => ({ text: JSON.stringify(cells), keys: JSON.stringify(keys) }))
        for (const [index, cells] of found.entries()) {
          const wanted = query.sort.length ? left.filter(({ keys }) => keys === JSON.stringify(expected[index]?.keys)) : left
          const match = wanted.find(({ text }) => text === JSON.stringify(cells))
          expect(match, `row ${index}: ${JSON.stringify(cells)} is none of ${JSON.stringify(wanted.slice(0, 5))}`).toBeDefined()
          left.splice(left.indexOf(match as (typeof left)[number]), 1)
        }
        seen.add(query.baseDataSource)
        if (found.length > 1) full++
      }),
      { numRuns: 150, seed: 11 },
    )
    expect([seen.size, full > 40, texts.length > 500]).toEqual([Object.keys(NAIVE_TABLES).length, true, true])
    expect(texts.filter((text) => text.includes(MARK))).toEqual([])
  }, 240_000)

  it('that are wrong in one place are refused by that place', async () => {
    await fc.assert(
      fc.asyncProperty(
        queries(rows),
        fc.constantFrom(...SPOILED),
        fc.constantFrom(...HOSTILE, 'constructor', '__proto__', 'organization_id', 'rowid'),
        async (query, [path, spoil], text) => {
          const queryInput = sent(query)
          spoil(queryInput, text)
          const { status, body } = await mine.post('/reports', { name: 'A report', queryInput })
          expect([status, String(body.message)]).toEqual([400, expect.stringContaining(path)])
          expect(body.message).not.toContain(MARK)
        },
      ),
      { numRuns: 150, seed: 12 },
    )
  }, 120_000)
})
