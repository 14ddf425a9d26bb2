import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import cases from '../data/pricing.json'
import { DAY, METERED, PAST, type World, setClock, withPlans } from '../helpers/plans.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

interface Case {
  id: string
  given: Loose
  expect: Loose
}

const casesOf = (...prefixes: string[]): [string, Case][] =>
  (cases as Case[]).filter(({ id }) => prefixes.some((prefix) => id.startsWith(prefix))).map((one) => [one.id, one])

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

const at = (date: string): number => Date.parse(`${date}T00:00:00Z`)
const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10)

interface Expected {
  start: string
  /** The first day that is not one of the cycle. */
  end: string
  /** The day on which its invoice falls due, at 00:00. */
  due: string
}

/**
 * Holds cycles of an account against what is expected: by the first and the last millisecond of each, which are in it, the millisecond
 * before each that is in another one, and arrivals one millisecond before it falls due and at that instant.
 */
const expectCycles = async (api: World, expected: readonly Expected[]): Promise<void> => {
  for (const { start, end, due } of expected) {
    const shown = { cycleStart: start, cycleEnd: dateOf(at(end) - DAY) }
    setClock(at(due) - 1)
    for (const time of [at(start), at(end) - 1]) {
      expect(await api.arrive(`${time}`, time), `${start}, ${time}`).toBe(METERED)
      expect(await api.plansOf(`${time}`)).toMatchObject([shown])
    }
    setClock(at(due))
    expect(await api.arrive(`late ${start}`, at(end) - 1), due).toBe(PAST)
    expect(await api.arrive(`later ${start}`, at(start))).toBe(PAST)
    expect(await api.plansOf(`late ${start}`)).toEqual([])
  }
}

/** Gives an account a plan with cycles. */
const associate = async (now: string, config: Loose, effectiveFrom: string, effectiveUntil?: string): Promise<World> => {
  const api = await withPlans(now)
  const pricePlanId = await api.publish('Basic', { pricingCycleConfig: { gracePeriod: 2, ...config } })
  const { status, body } = await api.edit({ pricePlanId, effectiveFrom, ...(effectiveUntil !== undefined && { effectiveUntil }) })
  expect([status, body.message]).toEqual([200, undefined])
  return api
}

const offsetOf = async (api: World): Promise<Loose> =>
  (await api.get('/v2/accounts/acme%20main/schedules?mode=ACTIVE')).body.data[0].accountScheduleInfo.pricingCycleConfig.startOffset

describe('a cycle', () => {
  it.each(casesOf('cycle-'))('begins, ends and falls due as worked out: %s', async (_, { given, expect: expected }) => {
    const { pricingCycleConfig, effectiveFrom, effectiveUntil } = given
    const api = await associate(`${effectiveFrom}T10:00:00Z`, pricingCycleConfig, effectiveFrom, effectiveUntil)
    if (expected.startOffset) expect(await offsetOf(api)).toEqual(expected.startOffset)
    const cycles = expected.cycles.map((cycle: Loose): Expected => ({ start: cycle.start, end: cycle.endExclusive, due: cycle.dueOn }))
    for (const [index, { lastDay }] of expected.cycles.entries()) expect(dateOf(at(cycles[index].end) - DAY)).toBe(lastDay)
    if (expected.backdatedEventsAcceptedThrough) expect(dateOf(at(cycles[0].due) - DAY)).toBe(expected.backdatedEventsAcceptedThrough)
    await expectCycles(api, cycles)
  })
})

const MONTHS: Readonly<Record<string, number>> = { MONTHLY: 1, QUARTERLY: 3, HALF_YEARLY: 6, ANNUALLY: 12 }

/** The anniversaries of a date, by the calendar alone. */
const anniversaryOf = (date: string, interval: string, isLast: boolean, count: number): string => {
  if (interval === 'WEEKLY') return dateOf(at(date) + 7 * count * DAY)
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  const before = month - 1 + count * (MONTHS[interval] ?? 0)
  const last = new Date(Date.UTC(year, before + 1, 0)).getUTCDate()
  return dateOf(Date.UTC(year, before, isLast ? last : Math.min(day, last)))
}

describe('the anniversary of a plan', () => {
  it.each(casesOf('anniversary-'))('is the start of each cycle: %s', async (_, { given, expect: expected }) => {
    const { pricingCycleConfig, effectiveFrom } = given
    const api = await associate(`${effectiveFrom}T10:00:00Z`, pricingCycleConfig, effectiveFrom)
    expect(await offsetOf(api)).toEqual(expected.startOffset)
    const isLast = expected.startOffset.dayOffset === 'LAST'
    const starts = [0, 1, 2, 3].map((count) => anniversaryOf(effectiveFrom, pricingCycleConfig.interval, isLast, count))
    await expectCycles(
      api,
      starts.slice(1).map((end, index) => ({ start: starts[index] ?? '', end, due: dateOf(at(end) + 2 * DAY) })),
    )
  })

  it.each([
    ['2026-01-31', ['2026-01-31', '2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31']],
    ['2026-01-30', ['2026-01-30', '2026-02-28', '2026-03-30', '2026-04-30']],
    ['2026-02-28', ['2026-02-28', '2026-03-31', '2026-04-30', '2026-05-31']],
  ])('of the 31st and of the end of February is the last day of a month, that of the 30th comes back (P2-44): %s', async (from, starts) => {
    const api = await associate(`${from}T10:00:00Z`, { interval: 'MONTHLY', anniversaryCycle: true }, from)
    await expectCycles(
      api,
      starts.slice(1).map((end, index) => ({ start: starts[index] ?? '', end, due: dateOf(at(end) + 2 * DAY) })),
    )
  })
})

describe('the start offset of cycles', () => {
  it.each(casesOf('offset-'))(
    'says on which days of a year they begin: %s',
    async (_, { given: { pricingCycleConfig, year }, expect: expected }) => {
      const first = `${year - 1}-12-01`
      const api = await associate(`${first}T10:00:00Z`, pricingCycleConfig, first)
      const starts: string[] = expected.cycleStarts.map((day: string) => `${year}-${day}`)
      setClock(at(starts[0] ?? '') - 1)
      await api.arrive('before', at(starts[0] ?? '') - 1)
      expect(await api.plansOf('before')).toMatchObject([{ cycleEnd: dateOf(at(starts[0] ?? '') - DAY) }])
      const cycles = starts.slice(1).map((end, index) => ({ start: starts[index] ?? '', end, due: dateOf(at(end) + 2 * DAY) }))
      await expectCycles(api, cycles)
      const last = starts.at(-1) ?? ''
      setClock(at(last) + DAY)
      await api.arrive('last', at(last))
      expect(await api.plansOf('last')).toMatchObject([{ cycleStart: last }])
    },
  )
})

describe('cycles that are retained', () => {
  const ongoing = { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 2 }
  const retain = (id: string): Case => (cases as Case[]).find((one) => one.id === id) as Case

  it('retain-offsets-ok: go on on the days on which they began under the plan before', async () => {
    const { given, expect: expected } = retain('retain-offsets-ok')
    const { mode, effectiveFrom, effectiveUntil, retainStartOffsets } = given.edit
    const api = await associate('2023-10-01T10:00:00Z', { ...ongoing, startOffset: given.ongoing.startOffset }, given.ongoing.startDate)
    setClock('2023-10-10T10:00:00Z')
    const pricePlanId = await api.publish('Other', {
      pricingCycleConfig: { ...ongoing, startOffset: { dayOffset: '20', monthOffset: 'NIL' } },
    })
    expect((await api.edit({ mode, pricePlanId, effectiveFrom, effectiveUntil, retainStartOffsets })).status).toBe(200)
    await expectCycles(
      api,
      [['2023-10-01', effectiveFrom], ...expected.cycles].map(([start, end]) => ({ start, end, due: dateOf(at(end) + 2 * DAY) })),
    )
    const [{ id, cycleStart, cycleEnd }] = await api.plansOf(`${at(effectiveFrom)}`)
    expect([id, cycleStart, cycleEnd]).toEqual([pricePlanId, '2023-10-15', '2023-10-31'])
  })

  it('retain-offsets-400: are refused where no plan is in force to begin with', async () => {
    const { given, expect: expected } = retain('retain-offsets-400')
    const api = await associate('2023-10-01T10:00:00Z', ongoing, given.ongoing.startDate, '2023-11-01')
    const pricePlanId = await api.publish('Other', { pricingCycleConfig: ongoing })
    expect((await api.edit({ ...given.edit, pricePlanId })).status).toBe(expected.status)
    setClock('2023-11-05T10:00:00Z')
    expect(await api.arrive('E', '2023-11-01T00:00:00Z')).toBe(METERED)
    expect(await api.plansOf('E')).toEqual([])
  })
})
