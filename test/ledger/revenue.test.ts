import { describe, expect, it } from 'vitest'
import type { Ctx } from '../../src/db/context.ts'
import { type Reckoned, type RevenueQuery, type RevenueRow, askAccounts } from '../../src/ledger/client.ts'
import { ledgers } from '../helpers/api.ts'

const ctx = { ledgers } as Pick<Ctx, 'ledgers'>

const HOUR = 3_600_000
const DAY = 24 * HOUR
const LATER = 100 * DAY
const REVENUE = 0

const earned = (hour: number, amount: string, more: { isLast?: 0 | 1; billable?: string; currency?: string } = {}): RevenueRow => [
  REVENUE,
  hour * HOUR,
  more.isLast ?? 0,
  more.billable ?? 'um.1',
  more.currency ?? 'USD',
  amount,
]

const open = () => {
  const name = `org.${crypto.randomUUID()}/account/1/0`
  const begin = async (...accounts: string[]) =>
    askAccounts(ctx, name, (ledger) =>
      ledger.beginRevenue(accounts.map((account): [string, string] => [account, `customer of ${account}`])),
    )
  const write = (account: string, number: number, rows: RevenueRow[], more: Partial<Reckoned> = {}) =>
    askAccounts(ctx, name, (ledger) =>
      ledger.writeRevenue([{ account, number, from: 0, until: Number.MAX_SAFE_INTEGER, settled: 0, rows, ...more }]),
    )
  const read = (more: Partial<RevenueQuery> = {}) =>
    askAccounts(ctx, name, (ledger) =>
      ledger.readRevenue({ kind: 'REVENUE', from: 0, until: 10 * DAY, now: LATER, period: 'DAY', most: 1000, ...more }),
    )
  return { begin, write, read }
}

describe('kept revenue', () => {
  it('is what was reckoned last, whatever order reckonings are written in', async () => {
    const { begin, write, read } = open()
    const [[first] = [0], [second] = [0]] = [...(await begin('A')), ...(await begin('A'))]
    expect([first, second]).toEqual([1, 2])
    await write('A', second, [earned(1, '5'), earned(1, '0.5'), earned(30, '7')])
    await write('A', first, [earned(1, '100')])
    await write('A', second, [earned(1, '100')])
    expect(await read()).toEqual([
      [0, '', 'USD', '5.5'],
      [DAY, '', 'USD', '7'],
    ])
    const [[third] = [0]] = await begin('A')
    await write('A', third, [earned(2, '5')])
    expect(await read()).toEqual([[0, '', 'USD', '5']])
    expect(await read({ period: 'HOUR' })).toEqual([[2 * HOUR, '', 'USD', '5']])
    expect(await read({ by: 'ACCOUNT' })).toEqual([[0, 'A', 'USD', '5']])
  })

  it('leaves the days before and behind a reckoning, and says until when it is settled', async () => {
    const { begin, write, read } = open()
    await begin('A')
    await write('A', 1, [earned(1, '1'), earned(25, '2'), earned(49, '4')], { settled: DAY })
    expect(await begin('A')).toEqual([[2, DAY]])
    await write('A', 2, [earned(26, '8')], { from: DAY, until: 2 * DAY, settled: 2 * DAY })
    expect(await read({ period: 'MONTH' })).toEqual([[0, '', 'USD', '13']])
    expect(await begin('A')).toEqual([[3, 2 * DAY]])
  })

  it('adds up accounts by item, currency, account and customer, and filters', async () => {
    const { begin, write, read } = open()
    await begin('A', 'B')
    await write('A', 1, [earned(1, '1'), earned(2, '2', { billable: 'addon.1' })])
    await write('B', 1, [earned(1, '4', { currency: 'EUR' }), earned(300, '8')])
    const month = (more: Partial<RevenueQuery> = {}) => read({ period: 'MONTH', until: 20 * DAY, ...more })
    expect((await month()).toSorted()).toEqual([
      [0, '', 'EUR', '4'],
      [0, '', 'USD', '11'],
    ])
    expect((await month({ by: 'BILLABLE' })).toSorted()).toEqual([
      [0, 'addon.1', 'USD', '2'],
      [0, 'um.1', 'EUR', '4'],
      [0, 'um.1', 'USD', '9'],
    ])
    expect((await month({ by: 'CUSTOMER', billables: ['um.1'] })).toSorted()).toEqual([
      [0, 'customer of A', 'USD', '1'],
      [0, 'customer of B', 'EUR', '4'],
      [0, 'customer of B', 'USD', '8'],
    ])
    expect(await month({ accounts: ['A'], by: 'ACCOUNT' })).toEqual([[0, 'A', 'USD', '3']])
    expect(await month({ from: HOUR + 1, until: 3 * HOUR })).toEqual([[0, '', 'USD', '2']])
    expect(await month({ kind: 'USAGE_FOR_CYCLE' })).toEqual([])
    expect(new Set((await month({ by: 'ACCOUNT', most: 1 })).map(([, group]) => group)).size).toBe(2)
  })

  it('of the last hour so far counts in the present hour until that of the cycle has come', async () => {
    const { begin, write, read } = open()
    await begin('A')
    await write('A', 1, [earned(100, '3', { isLast: 1 }), earned(100, '1')])
    for (const by of [{}, { by: 'ACCOUNT' as const }]) {
      const at = async (now: number, period: 'HOUR' | 'DAY' = 'HOUR', until = 10 * DAY) =>
        (await read({ now, period, until, ...by })).map(([start, , , amount]) => [start / HOUR, amount]).toSorted()
      expect(await at(50 * HOUR + 1)).toEqual([
        [100, '1'],
        [50, '3'],
      ])
      expect(await at(50 * HOUR, 'DAY')).toEqual([
        [48, '3'],
        [96, '1'],
      ])
      expect(await at(50 * HOUR, 'DAY', 3 * DAY)).toEqual([[48, '3']])
      expect(await at(101 * HOUR, 'DAY')).toEqual([[96, '4']])
      expect(await at(500 * HOUR)).toEqual([[100, '4']])
      expect(await at(500 * HOUR, 'DAY', 3 * DAY)).toEqual([])
    }
  })
})
