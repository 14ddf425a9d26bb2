import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { sumDecimals } from '../../src/lib/decimal.ts'
import { beginGeneration, doDue } from '../helpers/ledgers.ts'
import { organizationWithMeter, ride } from '../helpers/metering.ts'
import { type Point, type Series, dataOf, groupsOf } from '../helpers/metrics.ts'

type Api = Awaited<ReturnType<typeof organizationWithMeter>>

const [START, END] = ['2026-03-30T00:00:00Z', '2026-04-02T00:00:00Z']
const HOUR = 3_600_000

/** What becomes of events, by what is wrong with them, and the account under which they are counted. */
const KINDS = {
  right: { status: 'INGESTION_COMPLETED_EVENT_METERED', account: 'acme main', more: {} },
  aliased: { status: 'INGESTION_COMPLETED_EVENT_METERED', account: 'acme main', more: { accountId: 'alias' } },
  other: { status: 'INGESTION_COMPLETED_EVENT_METERED', account: 'B', more: { accountId: 'B' } },
  homeless: { status: 'INGESTION_FAILED_ACCOUNT_NOT_FOUND', account: 'nobody', more: { accountId: 'nobody' } },
  lacking: { status: 'INGESTION_FAILED', account: 'acme main', more: { dimensions: {} } },
  strange: { status: 'INGESTION_FAILED_SCHEMA_NOT_DEFINED', account: 'B', more: { accountId: 'B', schemaName: 'strange' } },
} as const

const aKind = fc.constantFrom(...(Object.keys(KINDS) as (keyof typeof KINDS)[]), 'right' as const, 'other' as const)
const aDistance = fc.tuple(fc.integer({ min: -9999, max: 9999 }), fc.constantFrom('', '.5', '.001', '0'.repeat(34), `.${'0'.repeat(33)}7`))
const aTime = fc.tuple(fc.integer({ min: 0, max: 71 }), fc.constantFrom(0, 1, HOUR - 1, 1_234_567))

const anEvent = fc
  .tuple(aKind, aDistance, aTime)
  .map(([kind, parts, [hour, rest]]) => ({ kind, distance: parts.join(''), time: Date.parse(START) + hour * HOUR + rest }))

/** A stream: its events, in what order and how often each is sent, how they are cut into requests, over which generations of ledgers. */
const aStream = fc.record({
  events: fc.array(anEvent, { minLength: 1, maxLength: 30 }),
  order: fc.array(fc.nat(29), { minLength: 1, maxLength: 60 }),
  cuts: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 }),
  generations: fc.constantFrom([1], [4], [7], [4, 7], [7, 1], [1, 4]),
  change: fc.double({ min: 0, max: 1, noNaN: true }),
})

const sumsOf = <Item>(items: readonly Item[], groupOf: (item: Item) => string, valueOf: (item: Item) => string): Record<string, number> =>
  Object.fromEntries(Array.from(Map.groupBy(items, groupOf), ([group, its]) => [group, Number(sumDecimals(its.map(valueOf)))]))

/** The values of series that are not 0, by group and the beginning of their bucket. */
const pointsOf = (data: readonly Series[]): Record<string, number> =>
  Object.fromEntries(
    data
      .flatMap(({ groupedBy, timestamps, metricValues }) =>
        timestamps.map((time, at): [string, number] => [`${groupedBy?.fieldValue ?? ''} ${Date.parse(time)}`, metricValues[at] ?? 0]),
      )
      .filter(([, value]) => value !== 0),
  )

const isNotZero = ([, value]: [string, number]): boolean => value !== 0

const read = (api: Api, query: Point) => dataOf(api, START, END, query)

const ALL_STATUSES = { filters: [{ fieldName: 'EVENT_STATUS', fieldValues: ['PROCESSED', 'UNPROCESSED', 'IN_PROGRESS', 'REVERTED'] }] }

it('any stream, cut, ordered and repeated in any way, on both routes at once, over any generations, adds up to the same; undone, to nothing', async () => {
  await fc.assert(
    fc.asyncProperty(aStream, async ({ events, order, cuts, generations, change }) => {
      const api = await organizationWithMeter()
      await api.post('/accounts', { id: 'B', name: 'Account B', customerId: 'acme' })
      await api.post('/accounts/acme%20main/add_aliases', {
        accountAliases: [{ value: 'alias', effectiveFrom: '2026-01-01T00:00:00.000Z' }],
      })
      const [first = 1, second] = generations
      for (const kind of ['EVENT', 'ACCOUNT'])
        await env.DB.prepare('INSERT INTO ledger_generations VALUES (?, ?, 1, ?, 0, NULL, NULL, NULL)').bind(api.id, kind, first).run()

      const places = [...order.map((place) => place % events.length), ...events.keys()]
      const sent = places.map((place) => {
        const { kind, distance, time } = events[place] as (typeof events)[number]
        return ride(`e${place}`, distance, { timestamp: new Date(time).toISOString(), ...KINDS[kind].more })
      })
      const requests: object[][] = []
      for (let at = 0, cut = 0; at < sent.length; cut++) requests.push(sent.slice(at, (at += cuts[cut % cuts.length] ?? 1)))
      const post = (batch: object[]) =>
        batch.length === 1 ? api.post('/ingest', { event: batch[0] }) : api.post('/ingestBatch', { events: batch })
      const early = Math.ceil(requests.length * change)
      const sending = requests.slice(0, early).map(post)
      if (second !== undefined) await beginGeneration(api.id, second)
      const answers = await Promise.all([...sending, ...requests.slice(early).map(post)])
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]))

      const metered = events.filter(({ kind }) => KINDS[kind].status === 'INGESTION_COMPLETED_EVENT_METERED')
      const hourOf = (time: number) => time - (time % HOUR)
      const wanted = sumsOf(
        metered,
        ({ kind, time }) => `${KINDS[kind].account} ${hourOf(time)}`,
        ({ distance }) => distance,
      )
      const byHour = await read(api, { name: 'USAGE', aggregationPeriod: 'HOUR', groupBy: 'ACCOUNT_ID' })
      expect(pointsOf(byHour)).toEqual(Object.fromEntries(Object.entries(wanted).filter(isNotZero)))
      const [whole] = await read(api, { name: 'USAGE', aggregationPeriod: 'WEEK' })
      expect(whole?.metricValues).toEqual([Number(sumDecimals(metered.map(({ distance }) => distance)))])
      const counts = groupsOf(await read(api, { name: 'EVENTS', aggregationPeriod: 'WEEK', groupBy: 'RAW_EVENT_STATUS', ...ALL_STATUSES }))
      const once = sumsOf(
        events,
        ({ kind }) => KINDS[kind].status,
        () => '1',
      )
      const repeats = sent.length - events.length
      expect(counts).toEqual(
        Object.fromEntries(
          Object.entries({ ...once, INGESTION_FAILED_DUPLICATE_EVENT: repeats })
            .filter(isNotZero)
            .map(([status, n]) => [status, [n]]),
        ),
      )

      for (const account of ['acme main', 'B', 'nobody'])
        await api.post(`/events/correction?action=UNDO&async=true&account_id=${encodeURIComponent(account)}`)
      for (let step = 0; step < 4; step++) await doDue(api.id)
      for (const aggregationPeriod of ['HOUR', 'DAY']) expect(pointsOf(await read(api, { name: 'USAGE', aggregationPeriod }))).toEqual({})
      expect(await read(api, { name: 'USAGE', groupBy: 'ACCOUNT_ID' })).toEqual([])
      expect(
        groupsOf(await read(api, { name: 'EVENTS', aggregationPeriod: 'WEEK', groupBy: 'RAW_EVENT_STATUS', ...ALL_STATUSES })),
      ).toEqual(
        Object.fromEntries(
          Object.entries({ REVERTED: events.length, INGESTION_FAILED_DUPLICATE_EVENT: repeats }).map(([status, n]) => [status, [n]]),
        ),
      )
    }),
    { numRuns: 15 },
  )
})
