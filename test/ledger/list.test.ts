import { runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { DAY, type EventFilter, HOUR, codeOf } from '../../src/ledger/client.ts'
import { DUPLICATE, HOUR_OF_TESTS, METERED, NOT_FOUND, REVERTED, type TestEvent, batchOf, eventLedger } from '../helpers/ledger.ts'

type Ledger = ReturnType<typeof eventLedger>

/** The events of all pages of a list, by their ids. */
const walk = async (ledger: Ledger, filter: Omit<EventFilter, 'limit'>, limit: number): Promise<string[]> => {
  const ids: string[] = []
  let after: EventFilter['after']
  for (;;) {
    const page = await ledger.listEvents({ ...filter, limit, ...(after && { after }) })
    ids.push(...page.map(({ id }) => id))
    const last = page.at(-1)
    if (!last) return ids
    after = [last.time, last.id, last.reference]
  }
}

const ODD = ['\u{1f600}', '\uffff', 'é', 'a', 'Z', '_', '%', "'", '"', '\ud7ff', '\u{10ffff}', 'aa']
const inBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other))

describe('a list', () => {
  it('is in the order of time and of the bytes of ids, in pages of any size, from any of its tables', async () => {
    const ledger = eventLedger()
    const FAILED = codeOf('INGESTION_FAILED')
    const events = ODD.flatMap((id): TestEvent[] => [
      { id, account: `=${id}` },
      { id: `${id}1`, account: '=all', status: FAILED },
      { id: `${id}2`, time: HOUR_OF_TESTS + 1, account: '=all', schema: id },
    ])
    await ledger.record(batchOf(events))
    const ordered = events.toSorted(
      (one, other) => (other.time ?? HOUR_OF_TESTS) - (one.time ?? HOUR_OF_TESTS) || inBytes(one.id, other.id),
    )
    const idsOf = (is: (event: TestEvent) => boolean) => ordered.filter(is).map(({ id }) => id)
    const accounts = [...ODD.map((id) => `=${id}`), '=all', '=all']
    for (const limit of [1, 5, 100]) {
      expect(await walk(ledger, {}, limit)).toEqual(idsOf(() => true))
      expect(await walk(ledger, { accounts }, limit)).toEqual(idsOf(() => true))
      expect(await walk(ledger, { statuses: [FAILED, FAILED, NOT_FOUND] }, limit)).toEqual(idsOf(({ status }) => status === FAILED))
      expect(await walk(ledger, { statuses: [METERED, NOT_FOUND] }, limit)).toEqual(idsOf(({ status }) => status === undefined))
      expect(await walk(ledger, { schema: 'calls', from: HOUR_OF_TESTS }, limit)).toEqual(idsOf(({ schema }) => schema === undefined))
    }
    expect(await walk(ledger, { accounts: [] }, 5)).toEqual([])
    expect(await walk(ledger, { statuses: [] }, 5)).toEqual([])
  })

  it('has every filter, alone and with the others', async () => {
    const ledger = eventLedger()
    for (const createdAt of [1000, 2000])
      await ledger.record(
        batchOf(
          Array.from({ length: 40 }, (_, index): TestEvent => ({
            id: `${createdAt}-${index}`,
            time: HOUR_OF_TESTS + index * 11 * HOUR,
            account: index % 3 ? '=acme' : '?red',
            schema: index % 4 ? 'calls' : 'rare',
            status: [METERED, NOT_FOUND, 2, 7][index % 4] ?? METERED,
          })),
          { createdAt },
        ),
      )
    await ledger.record(batchOf([{ id: '1000-1' }], { createdAt: 1500 }))
    const all = await ledger.listEvents({ limit: 100 })
    expect(all).toHaveLength(81)
    const choices: [keyof EventFilter, unknown[]][] = [
      ['accounts', [undefined, ['=acme'], ['?red', '=acme'], ['=none']]],
      ['schema', [undefined, 'rare', 'none']],
      ['statuses', [undefined, [METERED, 2], [NOT_FOUND, DUPLICATE], [7, METERED]]],
      ['from', [undefined, HOUR_OF_TESTS + 5 * DAY + 1]],
      ['until', [undefined, HOUR_OF_TESTS + 9 * DAY]],
      ['createdFrom', [undefined, 1500]],
      ['createdUntil', [undefined, 2000]],
    ]
    let filters: Omit<EventFilter, 'limit'>[] = [{}]
    for (const [key, values] of choices)
      filters = filters.flatMap((filter) => values.map((value) => (value === undefined ? filter : { ...filter, [key]: value })))
    await runInDurableObject(ledger, (instance) => {
      for (const [index, filter] of filters.entries()) {
        const { accounts, schema, statuses, from, until, createdFrom, createdUntil } = filter
        const expected = all.filter(
          (event) =>
            (accounts?.includes(event.account) ?? true) &&
            (schema ?? event.schema) === event.schema &&
            (statuses?.includes(event.status) ?? true) &&
            event.time >= (from ?? 0) &&
            event.time < (until ?? Infinity) &&
            event.createdAt >= (createdFrom ?? 0) &&
            event.createdAt < (createdUntil ?? Infinity),
        )
        const ids = expected.map(({ id, reference }) => id + reference)
        const cut = index % 7
        expect(
          instance.listEvents({ ...filter, limit: 100 }).map(({ id, reference }) => id + reference),
          JSON.stringify(filter),
        ).toEqual(ids)
        const before = expected[cut]
        if (before)
          expect(
            instance
              .listEvents({ ...filter, after: [before.time, before.id, before.reference], limit: 3 })
              .map(({ id, reference }) => id + reference),
          ).toEqual(ids.slice(cut + 1, cut + 4))
        expect(
          instance.listEvents({ ...filter, ids: all.map(({ id }) => id), limit: 5 }).map(({ id, reference }) => id + reference),
        ).toEqual(ids.slice(0, 5))
      }
    })
    expect(filters).toHaveLength(768)
  })

  it('shows repeats, and reverted events, where their own times and accounts are', async () => {
    const ledger = eventLedger()
    await ledger.record(batchOf([{ id: 'one' }, { id: 'one', time: HOUR_OF_TESTS + DAY, account: '=other', schema: 'rare' }]))
    expect(await ledger.listEvents({ accounts: ['=other'], schema: 'rare', statuses: [DUPLICATE], limit: 5 })).toMatchObject([
      { time: HOUR_OF_TESTS + DAY },
    ])
    const [first] = await ledger.listEvents({ accounts: ['=acme'], limit: 5 })
    await ledger.revert(['one', first?.reference ?? ''], { refused: [], kept: [] })
    expect((await ledger.listEvents({ limit: 5 })).map(({ status }) => status)).toEqual([DUPLICATE, REVERTED])
    expect(await ledger.listEvents({ accounts: ['=acme'], statuses: [METERED], limit: 5 })).toEqual([])
    expect(await ledger.listEvents({ ids: ['one'], reference: first?.reference ?? '', limit: 5 })).toHaveLength(2)
  })
})
