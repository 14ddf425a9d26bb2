import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { bucketsOf } from '../../src/metrics/metrics/buckets.ts'
import { countLicenses } from '../../src/metrics/metrics/licenses.ts'
import { addParts } from '../../src/metrics/metrics/series.ts'
import { ask, dataOf, groupsOf, holdLargest, valuesOf } from '../helpers/metrics.ts'
import { organization } from '../helpers/api.ts'
import { customer } from '../helpers/customer.ts'

vi.useFakeTimers({ toFake: ['Date'] })
afterAll(() => {
  vi.useRealTimers()
})
beforeEach(() => {
  vi.setSystemTime(Date.UTC(2024, 2, 20))
})

const DAY = 86_400_000

const withSeats = async () => {
  const api = await organization()
  for (const [customerId, id] of [
    ['C1', 'A'],
    ['C2', 'B'],
  ] as const)
    await api.post('/customers', { ...customer(customerId), account: { id, name: 'Account', aliases: [`${id} alias`] } })
  for (const id of ['seat', 'desk']) await env.DB.prepare('INSERT INTO named_licenses VALUES (?, ?)').bind(api.id, id).run()
  return api
}

let made = 0
const act = (timestamp: string, accountId: string, license: string, name: string, action: 'ADD' | 'REMOVE') => ({
  id: `act${++made}`,
  schemaName: 'togai-named-license',
  timestamp,
  accountId,
  attributes: [{ name: 'action', value: action === 'ADD' ? '1' : '-1' }],
  dimensions: { license_id: license, name },
})

describe('NAMED_LICENSE_USAGE', () => {
  it('counts the names that are active at any instant of a bucket, each once', async () => {
    const api = await withSeats()
    const events = [
      act('2024-03-01T00:00:00Z', 'A', 'seat', 'ann', 'ADD'),
      act('2024-03-02T12:00:00Z', 'A', 'seat', 'ann', 'REMOVE'),
      act('2024-03-02T18:00:00Z', 'A', 'seat', 'ann', 'ADD'),
      act('2024-03-03T00:00:00Z', 'A', 'seat', 'ann', 'REMOVE'),
      act('2024-03-02T23:59:59.999Z', 'A', 'seat', 'bob', 'ADD'),
      act('2024-03-02T00:00:00Z', 'A', 'desk', 'ann', 'ADD'),
      act('2024-03-04T00:00:00Z', 'B', 'seat', 'ann', 'ADD'),
    ]
    expect((await api.post('/ingestBatch', { events })).status).toBe(202)
    const read = (more: object = {}, end = '2024-03-06T00:00:00Z') =>
      dataOf(api, '2024-02-29T00:00:00Z', end, { name: 'NAMED_LICENSE_USAGE', ...more })
    expect(valuesOf(await read())).toEqual([0, 1, 3, 2, 3, 3])
    expect(groupsOf(await read({ groupBy: 'ACCOUNT_ID' }))).toEqual({ A: [0, 1, 3, 2, 2, 2], B: [0, 0, 0, 0, 1, 1] })
    expect(groupsOf(await read({ groupBy: 'CUSTOMER_ID' }))).toEqual({ C1: [0, 1, 3, 2, 2, 2], C2: [0, 0, 0, 0, 1, 1] })
    expect(groupsOf(await read({ groupBy: 'BILLABLE_ID' }))).toEqual({ desk: [0, 0, 1, 1, 1, 1], seat: [0, 1, 2, 1, 2, 2] })
    const by = (fieldName: string, ...fieldValues: string[]) => ({ filters: [{ fieldName, fieldValues }] })
    expect(valuesOf(await read(by('ACCOUNT_ID', 'A alias')))).toEqual([0, 1, 3, 2, 2, 2])
    expect(valuesOf(await read(by('CUSTOMER_ID', 'C2')))).toEqual([0, 0, 0, 0, 1, 1])
    expect(valuesOf(await read(by('BILLABLE_ID', 'desk')))).toEqual([0, 0, 1, 1, 1, 1])
    expect(valuesOf(await read(by('BILLABLE_ID', 'none')))).toEqual([0, 0, 0, 0, 0, 0])
    expect(await read({ groupBy: 'ACCOUNT_ID' }, '2024-03-01T00:00:00Z')).toEqual([])
    expect(valuesOf(await read({}, '2024-03-01T00:00:00.001Z'))).toEqual([0, 1])
    expect(valuesOf(await read({ aggregationPeriod: 'MONTH' }))).toEqual([0, 4])
    for (const groupBy of ['ACCOUNT_ID', 'CUSTOMER_ID', 'BILLABLE_ID'])
      for (const largestGroups of [1, 2]) {
        const query = { name: 'NAMED_LICENSE_USAGE', groupBy, largestGroups }
        const { body } = await ask(api, '2024-02-29T00:00:00Z', '2024-03-06T00:00:00Z', query)
        holdLargest(await read({ groupBy }), body.results[0], largestGroups)
      }
  })

  it('counts as one who looks at every instant does', () => {
    const times = fc.integer({ min: 0, max: 40 })
    const spans = fc.array(fc.tuple(fc.constantFrom('ann', 'bob'), fc.constantFrom('A', 'B'), fc.uniqueArray(times, { maxLength: 6 })), {
      maxLength: 4,
    })
    const hours = (n: number) => n * 6 * 3_600_000
    fc.assert(
      fc.property(spans, times, fc.integer({ min: 1, max: 20 }), fc.boolean(), (drawn, from, length, grouped) => {
        const byName = new Map(drawn.map(([name, account, edges]) => [`${account} ${name}`, { name, account, edges }]))
        const all = [...byName.values()].flatMap(({ name, account, edges }) => {
          const sorted = edges.toSorted((one, other) => one - other)
          return sorted.flatMap((edge, index) =>
            index % 2
              ? []
              : [
                  {
                    account,
                    license: 'seat',
                    name,
                    from: hours(edge),
                    until: sorted[index + 1] === undefined ? null : hours(sorted[index + 1] ?? 0),
                  },
                ],
          )
        })
        const [start, end] = [hours(from), hours(from + length)]
        const starts = bucketsOf(start, end, 'DAY')
        const met = all.filter((span) => span.from < end && (span.until ?? end + 1) > start)
        const counted = addParts(
          starts,
          countLicenses(starts, [start, end], met, ({ account }) => (grouped ? account : '')),
        )
        for (const group of grouped ? ['A', 'B'] : [''])
          for (const [place, bucket] of starts.entries()) {
            const names = new Set<string>()
            for (let instant = Math.max(bucket, start); instant < Math.min(bucket + DAY, end); instant += hours(1))
              for (const span of met)
                if (span.from <= instant && instant < (span.until ?? end) && (!grouped || span.account === group))
                  names.add(`${span.account} ${span.name}`)
            expect(Number(counted.get(group)?.values[place]?.[0] ?? 0)).toBe(names.size)
          }
      }),
      { numRuns: 300 },
    )
  })
})
