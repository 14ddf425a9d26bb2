import { env } from 'cloudflare:workers'
import * as fc from 'fast-check'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { STATUSES } from '../../src/ledger/client.ts'
import { STATUS_GROUPS } from '../../src/metrics/metrics/fields.ts'
import { type Series, groupsOf, valuesOf } from '../helpers/metrics.ts'
import {
  type Drawn,
  HOUR,
  HOURS,
  LAYOUTS,
  METERED,
  type Question,
  START,
  drawn,
  instants,
  iso,
  naive,
  questions,
  read,
  sample,
  withEvents,
} from '../helpers/metrics_model.ts'

vi.useFakeTimers({ toFake: ['Date'] })
afterAll(() => {
  vi.useRealTimers()
})
beforeEach(() => {
  vi.setSystemTime(Date.UTC(2024, 2, 20))
})

describe('metrics', () => {
  it.each(LAYOUTS)('are what a look at all events gives, over ledgers $generations', async (layout) => {
    const [drawnEvents = []] = sample(fc.array(drawn(), { minLength: 120, maxLength: 120 }), 5, 1)
    const { api, events } = await withEvents(layout, drawnEvents)
    await fc.assert(
      fc.asyncProperty(questions(), async (asked) => {
        const data = await read(api, asked)
        const wanted = naive(events, asked)
        expect(groupsOf(data)).toEqual(wanted)
        if (asked.groupBy !== undefined) expect(data.map(({ groupedBy }) => groupedBy?.fieldValue)).toEqual(Object.keys(wanted).toSorted())
      }),
      { numRuns: 60, seed: 11 },
    )
  })

  it('agree with themselves: groups with the whole, hours with days, halves with the window, the default with its two groups', async () => {
    const [drawnEvents = []] = sample(
      fc.array(
        drawn().map((event) => ({ ...event, units: ['1', '2'] })),
        { minLength: 100, maxLength: 100 },
      ),
      3,
      1,
    )
    const { api } = await withEvents({ generations: [2, 4] }, drawnEvents)
    const total = (data: Series[]): number => data.flatMap(({ metricValues }) => metricValues).reduce((one, other) => one + other, 0)
    await fc.assert(
      fc.asyncProperty(questions(), instants(), async (asked, cut) => {
        const { groupBy: _groupBy, ...whole } = asked
        const all = total(await read(api, whole))
        expect(total(await read(api, asked))).toBe(all)
        for (const period of ['HOUR', 'DAY', 'WEEK', 'MONTH'] as const) expect(total(await read(api, { ...whole, period }))).toBe(all)
        if (cut > asked.from && cut < asked.until)
          expect(total(await read(api, { ...whole, until: cut })) + total(await read(api, { ...whole, from: cut }))).toBe(all)
        if (asked.name === 'EVENTS') {
          const { EVENT_STATUS: _status, ...rest } = asked.filters
          const of = async (...statuses: string[]) =>
            total(await read(api, { ...whole, filters: { ...rest, ...(statuses.length && { EVENT_STATUS: statuses }) } }))
          expect((await of('PROCESSED')) + (await of('UNPROCESSED'))).toBe(await of())
          expect(await of(...Object.keys(STATUS_GROUPS), 'REVERTED', 'UNKNOWN')).toBe(await of(...STATUSES))
        }
      }),
      { numRuns: 25, seed: 12 },
    )
  })

  it('of whole days are the same by hour and by day, each day', async () => {
    const [drawnEvents = []] = sample(fc.array(drawn(), { minLength: 60, maxLength: 60 }), 9, 1)
    const { api } = await withEvents(
      { generations: [4] },
      drawnEvents.map((event) => ({ ...event, units: ['0.1', null] })),
    )
    const asked: Question = { name: 'EVENTS', from: START, until: START + HOURS * HOUR, period: 'DAY', filters: {} }
    const hours = valuesOf(await read(api, { ...asked, period: 'HOUR' }))
    const days = valuesOf(await read(api, asked))
    expect(days).toEqual(days.map((_, day) => hours.slice(day * 24, day * 24 + 24).reduce((one, other) => one + other)))
    expect(days.reduce((one, other) => one + other)).toBeGreaterThan(20)
  })

  it('leave out a generation that ended before the window, and ask one that meets it by an hour', async () => {
    const event = (time: number): Drawn => ({ time, account: 'A', schema: 'api', status: METERED, units: ['1', null] })
    const { api } = await withEvents({ generations: [2, 2] }, [event(START + HOUR + 5), event(START + 50 * HOUR)])
    const span = (first: number, last: number) =>
      env.DB.prepare('UPDATE ledger_generations SET first_hour = ?, last_hour = ? WHERE organization_id = ? AND generation = 1')
        .bind(first, last, api.id)
        .run()
    await span(START + HOUR, START + HOUR)
    const ask = async (from: number, until: number) => {
      const { headers, body } = await api.post('/metrics', {
        startTime: iso(from),
        endTime: iso(until),
        metricQueries: [{ id: 'q', name: 'USAGE', aggregationPeriod: 'MONTH' }],
      })
      const [, calls] = /ledger;dur=[\d.]+;desc="(\d+)"/.exec(headers.get('Server-Timing') ?? '') ?? []
      return [Number(calls), valuesOf(body.results[0].data).reduce((one, other) => one + other)]
    }
    expect(await ask(START, START + 60 * HOUR)).toEqual([4, 2])
    expect(await ask(START + HOUR + 5, START + HOUR + 6)).toEqual([4, 1])
    expect(await ask(START + 2 * HOUR, START + 60 * HOUR)).toEqual([2, 1])
    expect(await ask(START, START + HOUR)).toEqual([2, 0])
  })
})
