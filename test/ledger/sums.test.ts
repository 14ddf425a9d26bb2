import { evictDurableObject, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { DAY, HOUR, type SumQuery, codeOf } from '../../src/ledger/client.ts'
import { HOUR_OF_TESTS, METERED, REVERTED, type TestEvent, batchOf, eventLedger } from '../helpers/ledger.ts'

type Ledger = ReturnType<typeof eventLedger>

const NOT_METERED = codeOf('INGESTION_COMPLETED_EVENT_NOT_METERED')
const END = Date.UTC(9999, 0, 1)
const units = (from: number, until: number, more: Partial<SumQuery> = {}): SumQuery => ({
  from,
  until,
  period: 'ALL',
  kind: 'm',
  byAccount: false,
  ...more,
})
const counts = (from: number, until: number, more: Partial<SumQuery> = {}) => units(from, until, { kind: 'e', ...more })

describe('sums', () => {
  it('are exact to the millisecond wherever a window is cut', async () => {
    const ledger = eventLedger()
    const start = Date.UTC(2026, 2, 30)
    const times = [
      0,
      1,
      start - 1,
      start,
      start + 1,
      start + HOUR - 1,
      start + HOUR,
      start + DAY - 1,
      start + DAY,
      start + 3 * DAY + 90 * 60_000,
      END - 1,
    ]
    await ledger.record(batchOf(times.map((time, index) => ({ id: `e${index}`, time, units: { m: `${2 ** index}` } }))))
    const edges = [
      0,
      1,
      2,
      start - 1,
      start,
      start + 1,
      start + 2,
      start + HOUR - 1,
      start + HOUR,
      start + HOUR + 1,
      start + DAY,
      start + DAY + 1,
      start + 4 * DAY,
      END - 1,
      END,
    ]
    for (const from of edges)
      for (const until of edges) {
        const its = times.flatMap((time, index) => (time >= from && time < until ? [2 ** index] : []))
        const sum = its.reduce((total, unit) => total + unit, 0)
        for (const accounts of [undefined, ['=acme']]) {
          const more = accounts ? { accounts } : {}
          const both = [await ledger.readSums(units(from, until, more)), await ledger.readSums(counts(from, until, more))]
          expect(both, `${from} ${until}`).toEqual(
            its.length ? [[[0, '*', 'm|m', `${sum}`, its.length]], [[0, '*', 'e|1|calls', '0', its.length]]] : [[], []],
          )
        }
      }
  })

  it('fall into the buckets of each period', async () => {
    const ledger = eventLedger()
    const times = [
      '2026-02-28T23:59:59.999Z',
      '2026-03-01T00:00:00Z',
      '2026-03-01T23:00:00Z',
      '2026-03-02T00:00:00Z',
      '2026-03-31T10:30:00Z',
    ]
    await ledger.record(batchOf(times.map((time, index) => ({ id: time, time: Date.parse(time), units: { m: `${10 ** index}` } }))))
    const read = async (period: SumQuery['period']) =>
      (await ledger.readSums(units(Date.parse('2026-02-01T12:34:56Z'), Date.parse('2026-03-31T10:30:00.001Z'), { period })))
        .map(([start, , , sum]) => `${new Date(Number(start)).toISOString().slice(0, 13)} ${sum}`)
        .toSorted()
    expect(await read('HOUR')).toEqual([
      '2026-02-28T23 1',
      '2026-03-01T00 10',
      '2026-03-01T23 100',
      '2026-03-02T00 1000',
      '2026-03-31T10 10000',
    ])
    expect(await read('DAY')).toEqual(['2026-02-28T00 1', '2026-03-01T00 110', '2026-03-02T00 1000', '2026-03-31T00 10000'])
    expect(await read('WEEK')).toEqual(['2026-02-23T00 111', '2026-03-02T00 1000', '2026-03-30T00 10000'])
    expect(await read('MONTH')).toEqual(['2026-02-01T00 1', '2026-03-01T00 11110'])
    expect(await read('ALL')).toEqual(['1970-01-01T00 11111'])
  })

  it('are of the accounts and series that are asked for, each once, of accounts that nobody has too', async () => {
    const ledger = eventLedger()
    const at = { from: HOUR_OF_TESTS, until: HOUR_OF_TESTS + HOUR }
    await ledger.record(
      batchOf([
        { id: 'one', account: '=a', units: { m1: '1', m2: '10' } },
        { id: 'two', account: '=b', units: { m1: '2' }, schema: 'other' },
        { id: 'three', account: '?gone', status: 9 },
        { id: 'four', account: '=*', status: NOT_METERED },
      ]),
    )
    const read = async (query: Partial<SumQuery>) =>
      (await ledger.readSums({ ...units(at.from, at.until), ...query }))
        .map(([, account, series, sum, count]) => `${account} ${series} ${sum} ${count}`)
        .toSorted()
    for (const cut of [0, 1]) {
      at.until = HOUR_OF_TESTS + HOUR - cut
      expect(await read({})).toEqual(['* m|m1 3 2', '* m|m2 10 1'])
      expect(await read({ byAccount: true })).toEqual(['=a m|m1 1 1', '=a m|m2 10 1', '=b m|m1 2 1'])
      expect(await read({ accounts: ['=a', '=a', '=none'], series: ['m|m1', 'm|m1', 'm|none'] })).toEqual(['* m|m1 1 1'])
      expect(await read({ accounts: ['=a', '=b'], byAccount: true, series: ['m|m1'] })).toEqual(['=a m|m1 1 1', '=b m|m1 2 1'])
      expect(await read({ accounts: [] })).toEqual([])
      expect(await read({ series: [] })).toEqual([])
      expect(await read({ kind: 'e', byAccount: true })).toEqual([
        '=* e|2|calls 0 1',
        '=a e|1|calls 0 1',
        '=b e|1|other 0 1',
        '?gone e|9|calls 0 1',
      ])
      expect(await read({ kind: 'e', series: ['e|1|calls', 'e|9|calls'] })).toEqual(['* e|1|calls 0 1', '* e|9|calls 0 1'])
    }
  })

  it('hold 512 digits on either side of the point, negative units and sums of 38 digits exactly', async () => {
    const ledger = eventLedger()
    const large = `${'9'.repeat(512)}.${'9'.repeat(512)}`
    const sent = [large, `-${large}`, '-0', '0.0', '00012.50', '-0.5', '99999999999999999999999999999999999999', '1', '0.1', '0.2']
    await ledger.record(batchOf(sent.map((unit, index) => ({ id: `e${index}`, time: HOUR_OF_TESTS + index, units: { m: unit } }))))
    const read = async (from: number, until: number) => (await ledger.readSums(units(HOUR_OF_TESTS + from, HOUR_OF_TESTS + until)))[0]?.[3]
    expect(await read(0, HOUR)).toBe('100000000000000000000000000000000000012.3')
    expect(await read(0, 1)).toBe(large)
    expect(await read(1, 4)).toBe(`-${large}`)
    expect(await read(2, 5)).toBe('12.5')
    expect(await read(2, 3)).toBe('0')
    expect(await read(6, 10)).toBe('100000000000000000000000000000000000000.3')
  })

  it('see what was recorded before them, and count it once however often it is folded or evicted', async () => {
    const ledger = eventLedger()
    for (let round = 1; round <= 3; round++) {
      await ledger.record(batchOf([{ id: `r${round}`, units: { m: '1' } }]))
      if (round === 2) await evictDurableObject(ledger)
      expect((await ledger.readSums(units(0, END)))[0]?.slice(3)).toEqual([`${round}`, round])
      await runInDurableObject(ledger, (instance) => instance.alarm())
      await evictDurableObject(ledger)
      expect((await ledger.readSums(units(0, END)))[0]?.slice(3)).toEqual([`${round}`, round])
    }
  })

  it('are all 0 when every event is reverted', async () => {
    const ledger = eventLedger()
    const events = Array.from({ length: 30 }, (_, index): TestEvent => ({
      id: `e${index}`,
      time: HOUR_OF_TESTS + index * 7 * HOUR,
      account: `=a${index % 3}`,
      ...(index % 5 ? { units: { m1: `${index / 8 - 1}`, m2: `0.${'3'.repeat(index + 1)}` } } : { status: NOT_METERED }),
    }))
    await ledger.record(batchOf(events))
    for (const { id, reference } of await ledger.listEvents({ limit: 100 })) await ledger.revert([id, reference], { refused: [], kept: [] })
    expect(await ledger.readSums(units(0, END, { byAccount: true }))).toEqual([])
    expect(await ledger.readSums(counts(0, END))).toEqual([[0, '*', `e|${REVERTED}|calls`, '0', 30]])
    expect(await ledger.readGroups({ from: 0, until: END, period: 'ALL', kind: 'm', by: 'ACCOUNT', most: 2, now: HOUR_OF_TESTS })).toEqual({
      rows: [],
    })
    await runInDurableObject(ledger, (_, { storage: { sql } }) => {
      for (const table of ['sum_hour', 'sum_day']) {
        const rows = sql.exec<{ units: string; count: number }>(`SELECT * FROM ${table} WHERE series NOT LIKE 'e|${REVERTED}|%'`).toArray()
        expect(rows.length).toBeGreaterThan(10)
        for (const row of rows) expect(row).toMatchObject({ units: '0', count: 0 })
      }
    })
  })

  it('of a thousand accounts with three meters and several hours agree with one another', async () => {
    const ledger = eventLedger()
    for (let batch = 0; batch < 3; batch++)
      await ledger.record(
        batchOf(
          Array.from({ length: 1000 }, (_, index): TestEvent => ({
            id: `e${batch}-${index}`,
            time: HOUR_OF_TESTS + ((batch * 1000 + index) % 41) * HOUR,
            account: `=account-${index}`,
            units: { m1: '0.1', m2: `${index}`, m3: `-${batch}.5` },
          })),
        ),
      )
    await ledger.listEvents({ limit: 1 })
    await runInDurableObject(ledger, (_, { storage: { sql } }) => {
      const sumOf = (query: string) =>
        sql
          .exec<{ account: string; series: string; start: number; units: string; count: number }>(query)
          .toArray()
          .reduce((sums, { account, series, start, units: unit, count }) => {
            const key = `${account} ${series} ${start - (start % DAY)}`
            const [before, number] = sums.get(key) ?? [0, 0]
            return sums.set(key, [before + Math.round(Number(unit) * 10), number + count])
          }, new Map<string, [number, number]>())
      expect(sumOf('SELECT * FROM sum_hour')).toEqual(sumOf('SELECT * FROM sum_day'))
      expect(sumOf("SELECT '' AS account, series, start, units, count FROM sum_hour WHERE account <> '*'")).toEqual(
        sumOf("SELECT '' AS account, series, start, units, count FROM sum_hour WHERE account = '*'"),
      )
      expect(sql.exec('SELECT count(*) AS n FROM sum_hour').one()).toEqual({ n: 3000 * 4 + 41 * 4 })
    })
  })

  it('refuse to be more than an answer holds', async () => {
    const ledger = eventLedger()
    await ledger.record(batchOf([{ id: 'one', units: { m: '1' } }]))
    await ledger.readSums(units(0, END))
    await runInDurableObject(ledger, async (_, { storage: { sql } }) => {
      sql.exec(
        `WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 200001)
         INSERT INTO sum_hour SELECT '=acme', 'm|m', n * ${HOUR}, '1', 1, 0, 0 FROM n`,
      )
    })
    const asked = ledger.readSums(units(0, END, { period: 'HOUR', byAccount: true }))
    expect(
      await asked.then(
        () => 'answered',
        (error: unknown) => (error as { code?: string }).code,
      ),
    ).toBe('TOO_MANY_SUMS')
  })
})

describe('the span of a ledger', () => {
  it('is that of all events that there ever were, folded or not', async () => {
    const ledger: Ledger = eventLedger()
    expect(await ledger.readSpan()).toBeUndefined()
    await ledger.record(batchOf([{ id: 'one' }, { id: 'two', time: 5, schema: 'other' }]))
    expect(await ledger.readSpan()).toEqual({ first: 5, last: HOUR_OF_TESTS })
    await ledger.record(batchOf([{ id: 'three', time: END - 1, status: METERED }]))
    expect(await ledger.readSpan()).toEqual({ first: 5, last: END - 1 })
  })
})
