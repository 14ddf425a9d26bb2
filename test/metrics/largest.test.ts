import * as fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RankQuery, Ranking } from '../../src/ledger/client.ts'
import { compare, requireDecimal, sumDecimals } from '../../src/lib/decimal.ts'
import { findLargest } from '../../src/metrics/metrics/ranking.ts'
import { rankGroups } from '../../src/ledger/ranking.ts'
import { client, organization } from '../helpers/api.ts'
import { type Series, ask, homeIn, plantEvents } from '../helpers/metrics.ts'
import { HOURS, HOUR, LAYOUTS, METERED, START, drawn, iso, naive, questions, sample, withEvents } from '../helpers/metrics_model.ts'

vi.useFakeTimers({ toFake: ['Date'] })
afterAll(() => {
  vi.useRealTimers()
})
beforeEach(() => {
  vi.setSystemTime(Date.UTC(2024, 2, 20))
})

/** The groups with the largest sums, by name where they are equal, and what the others add up to by bucket. */
const naiveLargest = (groups: Readonly<Record<string, readonly number[]>>, most: number, buckets: number) => {
  const sumOf = (values: readonly number[]) => requireDecimal(sumDecimals(values.map(String)))
  const ranked = Object.entries(groups).toSorted(
    ([one, its], [other, values]) => compare(sumOf(values), sumOf(its)) || (one < other ? -1 : 1),
  )
  const rest = Array.from({ length: buckets }, (_, at) =>
    Number(sumDecimals(ranked.slice(most).map(([, values]) => String(values[at] ?? 0)))),
  )
  return { data: ranked.slice(0, most), rest }
}

const shown = (data: Series[]) => data.map(({ groupedBy, metricValues }) => [groupedBy?.fieldValue ?? '', metricValues])

/** Units whose sums a double tells exactly, so that they can be compared as they are read. */
const halves = fc.integer({ min: -40, max: 40 }).map((half) => String(half / 2))

/** Ledgers as they rank groups, each with what it has of them. */
const ledgersOf =
  (ledgers: readonly Readonly<Record<string, string>>[], asked: RankQuery[]) =>
  (query: RankQuery): Promise<Ranking[]> => {
    asked.push(query)
    return Promise.resolve(ledgers.map((its) => rankGroups(Object.entries(its), query)))
  }

describe('the largest groups of a query', () => {
  it.each(LAYOUTS)('are what a look at all events gives, over ledgers $generations', async (layout) => {
    const units = fc.tuple(halves, fc.option(halves))
    const all = fc.tuple(drawn(), units).map(([event, its]) => ({ ...event, units: its }))
    const [drawnEvents = []] = sample(fc.array(all, { minLength: 120, maxLength: 120 }), 8, 1)
    const { api, events } = await withEvents(layout, drawnEvents)
    await withEvents(layout, drawnEvents.slice(0, 40))
    await fc.assert(
      fc.asyncProperty(questions(), fc.integer({ min: 1, max: 6 }), async (asked, most) => {
        const groupBy = asked.groupBy ?? 'CUSTOMER_ID'
        const { groupBy: _groupBy, ...whole } = asked
        const groups = naive(events, { ...asked, groupBy })
        const [total = []] = Object.values(naive(events, whole))
        const wanted = naiveLargest(groups, most, total.length)
        const { status, body } = await ask(api, iso(asked.from), iso(asked.until), {
          name: asked.name,
          aggregationPeriod: asked.period,
          groupBy,
          largestGroups: most,
          ...(Object.keys(asked.filters).length && {
            filters: Object.entries(asked.filters).map(([fieldName, fieldValues]) => ({ fieldName, fieldValues })),
          }),
        })
        expect([status, body.message]).toEqual([200, undefined])
        const [{ data, rest }] = body.results
        expect(shown(data)).toEqual(wanted.data)
        expect(rest.metricValues).toEqual(wanted.rest)
        expect(rest.timestamps).toHaveLength(total.length)
        expect(rest).not.toHaveProperty('groupedBy')
      }),
      { numRuns: 60, seed: 21 },
    )
  })

  it('are found among more accounts than a ledger names at first', async () => {
    const { api } = await withEvents({ generations: [4] }, [])
    const names = Array.from({ length: 8300 }, (_, index) => `ghost-${String((index * 7919) % 8300).padStart(4, '0')}`)
    /** What is largest in all is spread evenly; what is large in one ledger only is not. */
    const unitsOf = (account: string, part: number): string =>
      account === 'ghost-8001' ? '90' : account === 'ghost-8002' ? '0.5' : String(part === 0 ? 100 : -Number(account.slice(6)) / 100)
    const events = names.flatMap((account) =>
      [0, 1].map((part) => ({
        id: `${account} ${part}`,
        time: START + (Number(account.slice(6)) % HOURS) * HOUR + 5,
        account: `?${account}`,
        schema: 'api',
        status: METERED,
        units: [unitsOf(account, part), null],
      })),
    )
    const homeOf = (id: string) => homeIn(api.id, 4)(id.endsWith('0') ? 'first' : 'second')
    for (let from = 0; from < events.length; from += 5000)
      await plantEvents(homeOf, events.slice(from, from + 5000), ['um.00000000001.00001'])
    const query = { aggregationPeriod: 'MONTH', groupBy: 'ACCOUNT_ID' }
    const { body, headers } = await ask(api, iso(START), iso(START + HOURS * HOUR), { ...query, name: 'USAGE', largestGroups: 3 })
    const [{ data, rest }] = body.results
    expect(data.map(({ groupedBy }: Series) => groupedBy?.fieldValue)).toEqual(['ghost-8001', 'ghost-0000', 'ghost-0001'])
    const sums = names.map((account) => sumDecimals([unitsOf(account, 0), unitsOf(account, 1)]))
    const total = sumDecimals([...data, rest].flatMap(({ metricValues }: Series) => metricValues.map(String)))
    expect(compare(requireDecimal(total), requireDecimal(sumDecimals(sums)))).toBe(0)
    const [, calls] = /ledger;dur=[\d.]+;desc="(\d+)"/.exec(headers.get('Server-Timing') ?? '') ?? []
    expect(Number(calls)).toBeLessThanOrEqual(20)
    const counted = await ask(api, iso(START), iso(START + HOURS * HOUR), { ...query, name: 'EVENTS', largestGroups: 2 })
    expect(shown(counted.body.results[0].data)).toEqual([
      ['ghost-0000', [2, 0]],
      ['ghost-0001', [2, 0]],
    ])
    expect(counted.body.results[0].rest.metricValues.reduce((one: number, other: number) => one + other)).toBe(2 * 8300 - 4)
  })

  it('are those of its accounts for a portal token', async () => {
    const [events = []] = sample(fc.array(drawn(), { minLength: 60, maxLength: 60 }), 4, 1)
    const { api } = await withEvents({ generations: [2] }, events)
    const portal = client(String((await api.post('/portal/token', { customerId: 'C1', allAccountsAccess: true })).body.token))
    const window = [iso(START), iso(START + HOURS * HOUR)] as const
    const query = { name: 'EVENTS', groupBy: 'ACCOUNT_ID', aggregationPeriod: 'DAY', largestGroups: 1 }
    const own = await ask(portal, ...window, query)
    const named = await ask(api, ...window, { ...query, filters: [{ fieldName: 'CUSTOMER_ID', fieldValues: ['C1'] }] })
    expect(own.body.results[0].data).toHaveLength(1)
    expect(own.body).toEqual(named.body)
    expect(own.body).not.toEqual((await ask(api, ...window, query)).body)
  })

  it('are found however the ledgers share them, and without all of them being named', async () => {
    const amount = fc
      .tuple(fc.integer({ min: -30, max: 30 }), fc.constantFrom('', '.5', '.00000000000000000000001'))
      .map((its) => its.join(''))
    const group = fc.integer({ min: 0, max: 12 }).map((index) => `g${index}`)
    const ledgers = fc.array(fc.dictionary(group, amount, { maxKeys: 12 }), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(
        ledgers,
        fc.dictionary(group, fc.array(amount, { minLength: 1, maxLength: 2 })),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
        async (drawnLedgers, beside, most, isApart) => {
          const seen = new Set<string>()
          const apart = drawnLedgers.map((its) =>
            Object.fromEntries(Object.entries(its).filter(([name]) => !seen.has(name) && seen.add(name))),
          )
          const all = isApart ? apart : drawnLedgers
          const sums = new Map<string, string>()
          const put = (name: string, value: string) => sums.set(name, sumDecimals([sums.get(name) ?? '0', value]))
          for (const its of all) for (const [name, value] of Object.entries(its)) put(name, value)
          for (const [name, values] of Object.entries(beside)) for (const value of values) put(name, value)
          const wanted = rankGroups(sums, { first: most }).groups.map(([name]) => name)
          const found = await findLargest(most, { rank: ledgersOf(all, []), beside: new Map(Object.entries(beside)), isApart }, most)
          expect(found).toEqual(wanted)
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('are asked for once where each ledger names all, and by their share where others can be as large', async () => {
    const skewed = [
      { a: '100', b: '50', c: '1', d: '1' },
      { a: '100', b: '50', c: '1', d: '1' },
    ]
    const seenOf = async (ledgers: Record<string, string>[], listed: number, most = 2) => {
      const asked: RankQuery[] = []
      const found = await findLargest(most, { rank: ledgersOf(ledgers, asked), isApart: false }, listed)
      return [found, asked.map((query) => Object.keys(query).join())]
    }
    expect(await seenOf(skewed, 4)).toEqual([['a', 'b'], ['first']])
    expect(await seenOf(skewed, 2)).toEqual([
      ['a', 'b'],
      ['first', 'of'],
    ])
    const even = [
      { a: '10', b: '9', c: '8', x: '1' },
      { d: '10', e: '9', c: '8', x: '2' },
    ]
    expect(await seenOf(even, 2)).toEqual([
      ['c', 'a'],
      ['first', 'of', 'first,atLeast', 'of'],
    ])
    const equal = [
      { b: '10', a: '5' },
      { c: '10', a: '5' },
    ]
    expect(await seenOf(equal, 1, 1)).toEqual([['a'], ['first', 'of', 'first,atLeast', 'of']])
  })

  it.each([
    [{ name: 'USAGE', largestGroups: 3 }, 'metricQueries[0].largestGroups: must be left out without groupBy: there are no groups'],
    [
      { name: 'REVENUE', groupBy: 'ACCOUNT_ID', largestGroups: 3, configs: { CURRENCY: 'INVOICE' } },
      'metricQueries[0].largestGroups: must be left out with configs.CURRENCY INVOICE: amounts in different currencies cannot be compared',
    ],
    [{ name: 'USAGE', groupBy: 'ACCOUNT_ID', largestGroups: 0 }, 'metricQueries[0].largestGroups: must be a whole number from 1 to 100'],
    [{ name: 'USAGE', groupBy: 'ACCOUNT_ID', largestGroups: 1.5 }, 'metricQueries[0].largestGroups: must be a whole number from 1 to 100'],
    [{ name: 'USAGE', groupBy: 'ACCOUNT_ID', largestGroups: 101 }, 'metricQueries[0].largestGroups: must be a whole number from 1 to 100'],
  ])('are not asked for with %j', async (query, message) => {
    const api = await organization()
    const { status, body } = await ask(api, iso(START), iso(START + HOUR), query)
    expect([status, body.message]).toEqual([400, message])
  })
})
