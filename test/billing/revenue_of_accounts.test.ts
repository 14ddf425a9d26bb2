import { env } from 'cloudflare:workers'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type CountedUse, chargeLicenses, cutChanges } from '../../src/billing/revenue_calculator/licenses.ts'
import type { LicenseCard } from '../../src/rating/card.ts'
import { type Cycle, readDay } from '../../src/rating/cycle.ts'
import { decimalOf } from '../../src/rating/quotient.ts'
import { formatDecimal } from '../../src/lib/decimal.ts'
import { rateCard as rateOneCard } from '../../src/rating/rate.ts'
import { type Api, organization } from '../helpers/api.ts'
import { calculate, calculationOf, perUnit, slabsOf } from '../helpers/calculator.ts'
import { customer } from '../helpers/customer.ts'
import { organizationWithMeter, ride } from '../helpers/metering.ts'
import { monthly as monthlyOfDays, publishPlan } from '../helpers/schedules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

/** Long enough for events of a cycle that ended a month before. */
const monthly = { ...monthlyOfDays, gracePeriod: 40 }

const TODAY = '2026-05-02T10:00:00Z'
const ACCOUNT = 'acme main'

const fee = (id: string, rate: number, more: object = {}) => ({
  id,
  name: `fee ${id}`,
  enableProration: true,
  rateValues: [{ currency: 'USD', rate }],
  ...more,
})

/**
 * An organization in which an account has the plan "Basic" from 1 February until 13 April, "Pro" from then until 10 June, and from 1 July on
 * "Basic" with another fee in cycles of a week. Usage is metered around the days on which cycles begin and end.
 */
const withTimeline = async () => {
  vi.setSystemTime(Date.parse(TODAY))
  const api = await organizationWithMeter()
  const addOn = async (name: string, type: string): Promise<string> => (await api.post('/addons', { name, type })).body.id
  const [support, setup, seats] = [
    await addOn('Support', 'FIXED_FEE'),
    await addOn('Setup', 'FIXED_FEE'),
    await addOn('Seats', 'NAMED_LICENSE'),
  ]
  const basic = {
    pricingCycleConfig: monthly,
    usageRateCards: [{ usageMeterId: api.meterId, ...perUnit(2) }],
    fixedFeeRateCards: [fee(support, 30), fee(setup, 100, { enableProration: false, recurrenceConfig: { interval: 3, offset: 0 } })],
  }
  const pro = {
    pricingCycleConfig: monthly,
    usageRateCards: [{ usageMeterId: api.meterId, ...perUnit(3) }],
    fixedFeeRateCards: [fee(support, 60)],
    licenseRateCards: [{ id: seats, enableProration: false, usageCycle: 'WEEKLY', ...perUnit(5) }],
  }
  const ids = { basic: await publishPlan(api, 'Basic', support, basic), pro: await publishPlan(api, 'Pro', support, pro) }
  const own = {
    pricingCycleConfig: { interval: 'WEEKLY', startOffset: { dayOffset: '3', monthOffset: 'NIL' }, gracePeriod: 1 },
    fixedFeeRateCards: [fee(support, 7, { enableProration: false })],
  }
  const associate = async (pricePlanId: string, effectiveFrom: string, effectiveUntil: string, more: object = {}): Promise<string> => {
    const { status, body } = await api.post(`/accounts/${ACCOUNT}/price_plans`, { pricePlanId, effectiveFrom, effectiveUntil, ...more })
    expect([status, body.message]).toEqual([200, undefined])
    return body.pricingSchedules[0].id
  }
  const schedules = {
    basic: await associate(ids.basic, '2026-02-01', '2026-04-13'),
    pro: await associate(ids.pro, '2026-04-13', '2026-06-10'),
    own: await associate(ids.basic, '2026-07-01', '9999-01-01', { pricePlanDetailsOverride: own }),
  }
  const at = (timestamp: string, distance: string) => ride(timestamp, distance, { timestamp })
  const events = [
    at('2026-03-31T23:59:59.999Z', '1000'),
    at('2026-04-01T00:00:00.000Z', '1'),
    at('2026-04-12T23:59:59.999Z', '10'),
    at('2026-04-13T00:00:00.000Z', '0.1'),
    at('2026-04-30T23:59:59.999Z', '0.01'),
    at('2026-05-01T00:00:00.000Z', '500'),
  ]
  expect((await api.post('/ingestBatch', { events })).status).toBe(202)
  return { ...api, addOns: { support, setup, seats }, ids, schedules, details: { basic, pro } }
}

const inForce = (effectiveOn?: string, more: object = {}, accountId = ACCOUNT) => ({
  pricePlanDetailsConfig: { mode: 'ACCOUNT', accountId, ...(effectiveOn && { effectiveOn }), ...more },
})
const cycleOn = (cycleEffectiveOn?: string, accountId = ACCOUNT) => ({
  mode: 'LOOKUP_CYCLE',
  lookupCycle: { accountId, ...(cycleEffectiveOn && { cycleEffectiveOn }) },
})
const usageOn = (cycleEffectiveOn?: string, accountId = ACCOUNT) => ({ usageConfig: cycleOn(cycleEffectiveOn, accountId) })
const prorationOn = (cycleEffectiveOn?: string, currentDateTime?: string, accountId = ACCOUNT) => ({
  prorationConfig: {
    mode: 'LOOKUP_CYCLE',
    lookupCycleConfig: { accountId, ...(cycleEffectiveOn && { cycleEffectiveOn }), ...(currentDateTime && { currentDateTime }) },
  },
})
const prorated = (cycleStartDate: string, cycleEndDate: string, currentDate: string) => ({
  prorationConfig: { mode: 'CUSTOM', customConfig: { cycleStartDate, cycleEndDate, currentDate } },
})
const april = (currentDate: string) => prorated('2026-04-01T00:00:00Z', '2026-05-01T00:00:00Z', currentDate)

const ask = (api: Pick<Api, 'post'>, ...more: object[]): Promise<Loose> => calculate(api, calculationOf({}, Object.assign({}, ...more)))

/** What is charged for each card, without the cards. */
const revenues = ({ revenueInfo }: Loose) => revenueInfo.map(({ rateCard: _card, ...rest }: Loose) => rest)

const fees = ({ revenueInfo }: Loose): number[] =>
  revenueInfo.flatMap(({ fixedFeeRevenueSummary: its }: Loose) => (its ? [its.revenue] : []))

const refusal = async (api: Pick<Api, 'post'>, status: number, ...more: object[]): Promise<string> => {
  const answer = await api.post('/v2/revenue_calculator', calculationOf({}, Object.assign({}, ...more)))
  expect([answer.status, answer.body.message]).toEqual([status, expect.any(String)])
  return answer.body.message
}

describe('the plan of an account', () => {
  it('is the one in force at a time, in the cycle that holds it', async () => {
    const api = await withTimeline()
    const shown = async (effectiveOn?: string) => {
      const { revenueInfo, ...answer } = await ask(api, inForce(effectiveOn))
      const [{ rateCard }] = revenueInfo
      return [rateCard.referenceId, rateCard.pricePlanId, rateCard.accountId, rateCard.referenceType, ...fees({ ...answer, revenueInfo })]
    }
    const basic = [api.schedules.basic, api.ids.basic, ACCOUNT, 'SCHEDULE']
    const pro = [api.schedules.pro, api.ids.pro, ACCOUNT, 'SCHEDULE']
    expect(await shown('2026-02-01T00:00:00Z')).toEqual([...basic, 30, 0])
    expect(await shown('2026-03-31T23:59:59.999Z')).toEqual([...basic, 30, 0])
    expect(await shown('2026-04-01T00:00:00Z')).toEqual([...basic, 30, 100])
    expect(await shown('2026-04-12T23:59:59.999Z')).toEqual([...basic, 30, 100])
    expect(await shown('2026-04-13T00:00:00Z')).toEqual([...pro, 60])
    expect(await shown('2026-06-09T23:59:59.999Z')).toEqual([...pro, 60])
    expect(await shown('2026-04-13T01:00:00+02:00')).toEqual([...basic, 30, 100])
    expect(await shown()).toEqual([...pro, 60])
  })

  it('has the number of its cycle whatever number is sent', async () => {
    const api = await withTimeline()
    expect(fees(await ask(api, inForce('2026-03-10T00:00:00Z', { pricingCycleOrdinal: 3 })))).toEqual([30, 0])
    expect(fees(await ask(api, inForce('2026-04-10T00:00:00Z', { pricingCycleOrdinal: 1 })))).toEqual([30, 100])
  })

  it('has what the account has instead of parts of it, as its schedule shows it', async () => {
    const api = await withTimeline()
    const kept = (await api.get(`/v2/schedules/${api.schedules.own}/rate_cards?mode=ACTIVE`)).body.data
    const { revenueInfo } = await ask(api, inForce('2026-07-08T00:00:00Z'))
    expect(revenueInfo.map(({ rateCard }: Loose) => rateCard)).toEqual(kept)
    expect(fees({ revenueInfo })).toEqual([7])
    const { body } = await api.post(
      '/revenue_calculator',
      calculationOf({}, { ...inForce('2026-07-08T00:00:00Z'), ...usageOn('2026-07-09T00:00:00Z') }),
    )
    expect(body.usageLookupRange).toEqual({ start: '2026-07-08T00:00:00.000Z', end: '2026-07-15T00:00:00.000Z' })
    expect(body.pricePlanDetails).toMatchObject({
      pricingCycleConfig: { interval: 'WEEKLY', startOffset: { dayOffset: '3' }, gracePeriod: 1 },
      fixedFeeRateCards: [{ id: api.addOns.support, rateValues: [{ currency: 'USD', rate: 7 }] }],
      usageRateCards: [{ usageMeterId: api.meterId }],
      activeCurrencies: ['USD'],
    })
    expect(body.revenueInfo[1].fixedFeeRevenueSummary).toEqual({ revenue: 7 })
  })

  it('comes to what the same plan comes to with the same usage that is sent', async () => {
    const api = await withTimeline()
    const sent = (details: object, pricingCycleOrdinal: number, units: number, more: object) =>
      calculate(
        api,
        calculationOf(
          {},
          {
            pricePlanDetailsConfig: {
              mode: 'CUSTOM',
              pricePlanDetails: { supportedCurrencies: ['USD'], pricingCycleConfig: monthly, ...details },
              pricingCycleOrdinal,
            },
            usageConfig: { mode: 'CUSTOM', usageMap: { [api.meterId]: units } },
            ...more,
          },
        ),
      )
    const { basic, pro } = api.details
    const first = await ask(api, inForce('2026-04-10T00:00:00Z'), usageOn('2026-04-01T00:00:00Z'), prorationOn('2026-04-12T00:00:00Z'))
    expect(revenues(first)).toEqual(revenues(await sent(basic, 3, 11, april('2026-04-12T10:00:00Z'))))
    expect([first.revenueInfo[0].usages, fees(first)]).toEqual([{ [api.meterId]: 11 }, [12, 100]])
    const second = await ask(api, inForce('2026-04-20T00:00:00Z'), usageOn('2026-04-30T23:59:59.999Z'), prorationOn('2026-04-20T00:00:00Z'))
    expect(revenues(second)).toEqual(revenues(await sent(pro, 1, 0.11, april('2026-04-18T10:00:00Z'))))
    expect([second.revenueInfo[0].usages, fees(second)]).toEqual([{ [api.meterId]: 0.11 }, [36]])
    const now = await ask(api, inForce(), usageOn(), prorationOn())
    const may = prorated('2026-05-01T00:00:00Z', '2026-06-01T00:00:00Z', TODAY)
    expect(revenues(now)).toEqual(revenues(await sent(pro, 2, 500, may)))
    const whole = await ask(api, inForce('2026-04-20T00:00:00Z'), usageOn('2026-04-20T00:00:00Z'))
    expect(revenues(whole)).toEqual(revenues(await sent(pro, 1, 0.11, {})))
    expect(fees(whole)).toEqual([60])
  })

  it('is refused where there is none then', async () => {
    const api = await withTimeline()
    const none = (field: string, day: string) => `${field}: no price plan is in force for the account "${ACCOUNT}" on ${day}`
    const gap = '2026-06-10T00:00:00Z'
    expect(await refusal(api, 404, inForce('2026-01-31T23:59:59.999Z'))).toBe(none('pricePlanDetailsConfig.effectiveOn', '2026-01-31'))
    expect(await refusal(api, 404, inForce(gap))).toBe(none('pricePlanDetailsConfig.effectiveOn', '2026-06-10'))
    for (const config of ['usageConfig', 'licenseEntriesConfig', 'namedLicenseEntriesConfig'])
      expect(await refusal(api, 404, { [config]: cycleOn(gap) })).toBe(none(`${config}.lookupCycle.cycleEffectiveOn`, '2026-06-10'))
    expect(await refusal(api, 404, prorationOn(gap))).toBe(none('prorationConfig.lookupCycleConfig.cycleEffectiveOn', '2026-06-10'))
    expect(await refusal(api, 404, inForce(gap), usageOn('2026-01-01T00:00:00Z'))).toBe(
      [none('pricePlanDetailsConfig.effectiveOn', '2026-06-10'), none('usageConfig.lookupCycle.cycleEffectiveOn', '2026-01-01')].join('; '),
    )
  })

  it('does not support every currency', async () => {
    const api = await withTimeline()
    await api.post('/customers', customer('euro', { invoiceCurrency: 'EUR' }))
    expect(await refusal(api, 400, inForce(), { currencyConfig: { mode: 'ACCOUNT_INVOICE', accountId: 'euro main' } })).toBe(
      'currencyConfig.accountId: the invoice currency of the account is EUR, and the plan supports USD',
    )
  })
})

describe('an account', () => {
  it('that does not exist is refused by the field that names it, in each mode', async () => {
    const api = await withTimeline()
    const missing = (field: string) => `${field}.accountId: the account "nobody" does not exist`
    expect(await refusal(api, 404, inForce(TODAY, {}, 'nobody'))).toBe(missing('pricePlanDetailsConfig'))
    expect(await refusal(api, 404, { currencyConfig: { mode: 'ACCOUNT_INVOICE', accountId: 'nobody' } })).toBe(missing('currencyConfig'))
    const lookupRange = { start: '2026-04-01T00:00:00Z', end: '2026-05-01T00:00:00Z', accountId: 'nobody' }
    for (const config of ['usageConfig', 'licenseEntriesConfig', 'namedLicenseEntriesConfig']) {
      expect(await refusal(api, 404, { [config]: cycleOn(TODAY, 'nobody') })).toBe(missing(`${config}.lookupCycle`))
      expect(await refusal(api, 404, { [config]: { mode: 'LOOKUP_RANGE', lookupRange } })).toBe(missing(`${config}.lookupRange`))
    }
    expect(await refusal(api, 404, prorationOn(undefined, undefined, 'nobody'))).toBe(missing('prorationConfig.lookupCycleConfig'))
  })

  it('of another organization is not seen, and one of the same name is another one', async () => {
    const api = await withTimeline()
    const other = await organization()
    const requests = [inForce(), usageOn(), { licenseEntriesConfig: cycleOn() }, { namedLicenseEntriesConfig: cycleOn() }, prorationOn()]
    for (const request of requests) expect(await refusal(other, 404, request)).toContain(`the account "${ACCOUNT}" does not exist`)
    await other.post('/customers', customer('acme'))
    for (const request of requests) expect(await refusal(other, 404, request)).toContain('no price plan is in force')
    expect(fees(await ask(api, inForce()))).toEqual([60])
  })

  it('is read once, however many modes look at how many', async () => {
    const api = await withTimeline()
    await api.post('/customers', customer('other'))
    await api.post('/accounts/other main/price_plans', {
      pricePlanId: api.ids.pro,
      effectiveFrom: '2026-05-01',
      effectiveUntil: '9999-01-01',
    })
    const callsOf = async (...more: object[]): Promise<number> => {
      const { status, headers } = await api.post('/v2/revenue_calculator', calculationOf({}, Object.assign({}, ...more)))
      expect(status).toBe(200)
      return Number(/d1;dur=[\d.]+;desc="(\d+)"/.exec(headers.get('Server-Timing') ?? '')?.[1])
    }
    const currency = { currencyConfig: { mode: 'ACCOUNT_INVOICE', accountId: 'other main' } }
    const one = await callsOf(inForce())
    expect(await callsOf(inForce(), currency, prorationOn(undefined, undefined, 'other main'))).toBe(one)
    /** The generations of the ledgers are one more, and the updates of licences another one. */
    const looked = [usageOn(), { namedLicenseEntriesConfig: cycleOn(undefined, 'other main') }, { licenseEntriesConfig: cycleOn() }]
    expect(await callsOf(inForce(), currency, prorationOn(), ...looked)).toBe(one + 2)
  })
})

describe('the usage of a cycle', () => {
  it('is that from its first instant until its end', async () => {
    const api = await withTimeline()
    const details = { usageRateCards: [{ usageMeterId: api.meterId, ...perUnit(1) }] }
    const usage = async (cycleEffectiveOn?: string) => {
      const { usageLookupRange, revenueInfo } = await calculate(api, calculationOf(details, usageOn(cycleEffectiveOn)))
      return [usageLookupRange.start.slice(0, 10), usageLookupRange.end.slice(0, 10), revenueInfo[0].usages[api.meterId]]
    }
    expect(await usage('2026-03-31T23:59:59.999Z')).toEqual(['2026-03-01', '2026-04-01', 1000])
    expect(await usage('2026-04-01T00:00:00Z')).toEqual(['2026-04-01', '2026-04-13', 11])
    expect(await usage('2026-04-13T00:00:00Z')).toEqual(['2026-04-13', '2026-05-01', 0.11])
    expect(await usage()).toEqual(['2026-05-01', '2026-06-01', 500])
    expect(await usage('2026-06-05T00:00:00Z')).toEqual(['2026-06-01', '2026-06-10', 0])
  })
})

describe('the current day in a cycle of an account', () => {
  it('is now, or the last one of a cycle that has ended', async () => {
    const api = await withTimeline()
    const charged = async (...more: Parameters<typeof prorationOn>) =>
      fees(await ask(api, inForce('2026-04-20T00:00:00Z'), prorationOn(...more)))
    expect(await charged('2026-04-20T00:00:00Z', '2026-04-13T00:00:00Z')).toEqual([2])
    expect(await charged('2026-04-20T00:00:00Z', '2026-04-20T23:59:59Z')).toEqual([16])
    expect(await charged('2026-04-20T00:00:00Z', '2026-05-01T00:00:00Z')).toEqual([36])
    expect(await charged('2026-04-20T00:00:00Z')).toEqual([36])
    vi.setSystemTime(Date.parse('2026-05-31T23:00:00Z'))
    expect(await charged()).toEqual([60])
    vi.setSystemTime(Date.parse('2026-06-03T23:00:00Z'))
    expect(await charged()).toEqual([6])
  })

  it('is refused where it is not in the cycle', async () => {
    const api = await withTimeline()
    const at = 'prorationConfig.lookupCycleConfig.currentDateTime'
    const range = 'must be from 2026-04-13T00:00:00.000Z to 2026-05-01T00:00:00.000Z, in the cycle of the account'
    for (const current of ['2026-04-12T23:59:59.999Z', '2026-05-01T00:00:00.001Z'])
      expect(await refusal(api, 400, inForce(), prorationOn('2026-04-20T00:00:00Z', current))).toBe(`${at}: ${range}`)
    expect(await refusal(api, 400, inForce(), prorationOn('2026-06-05T00:00:00Z'))).toBe(
      `${at}: is required for a cycle that has not begun, and must be from 2026-06-01T00:00:00.000Z to 2026-06-10T00:00:00.000Z, in the cycle of the account`,
    )
  })
})

describe('the names of an account', () => {
  const withNames = async () => {
    const api = await withTimeline()
    await env.DB.prepare('INSERT OR IGNORE INTO named_licenses VALUES (?, ?)').bind(api.id, api.addOns.seats).run()
    const act = (timestamp: string, name: string, action: '1' | '-1') => ({
      id: `${timestamp} ${name}`,
      schemaName: 'togai-named-license',
      timestamp,
      accountId: ACCOUNT,
      attributes: [{ name: 'action', value: action }],
      dimensions: { license_id: api.addOns.seats, name },
    })
    const events = [
      act('2026-04-01T00:00:00Z', 'ann', '1'),
      act('2026-04-13T00:00:00Z', 'ann', '-1'),
      act('2026-04-13T00:00:00Z', 'bob', '1'),
      act('2026-05-01T00:00:00Z', 'eve', '1'),
    ]
    expect((await api.post('/ingestBatch', { events })).status).toBe(202)
    const seatsOf = (answer: Loose) =>
      answer.revenueInfo.flatMap((info: Loose) => (info.licenseRevenueSummary ? slabsOf(info)[0].usage : []))
    return { ...api, seatsOf }
  }

  it('are those of a cycle, and are charged for that cycle', async () => {
    const api = await withNames()
    const seats = async (cycleEffectiveOn: string | undefined, ...more: object[]) =>
      api.seatsOf(await ask(api, inForce(), { namedLicenseEntriesConfig: cycleOn(cycleEffectiveOn) }, ...more))
    /** Weeks count from when the cycle begins: five in a month, three from 13 April on, two until 13 April. */
    expect(await seats('2026-04-20T00:00:00Z')).toEqual([3])
    expect(await seats('2026-04-12T00:00:00Z')).toEqual([2])
    expect(await seats('2026-03-12T00:00:00Z')).toEqual([0])
    expect(await seats(undefined)).toEqual([10])
    expect(await seats('2026-04-20T00:00:00Z', inForce('2026-06-05T00:00:00Z'))).toEqual([3])
    expect(await seats(undefined, prorationOn())).toEqual([10])
    expect(await seats('2026-04-20T00:00:00Z', inForce('2026-04-20T00:00:00Z'), prorationOn('2026-04-20T00:00:00Z'))).toEqual([3])
  })

  it('of a time range are charged for the cycle in which the last of them begins', async () => {
    const api = await withNames()
    const seats = async (start: string, end: string, ...more: object[]) => {
      const lookupRange = { start: `${start}T00:00:00Z`, end: `${end}T00:00:00Z`, accountId: ACCOUNT }
      return api.seatsOf(await ask(api, ...more, { namedLicenseEntriesConfig: { mode: 'LOOKUP_RANGE', lookupRange } }))
    }
    expect(await seats('2026-04-13', '2026-05-01', inForce('2026-04-20T00:00:00Z'))).toEqual([3])
    expect(await seats('2026-04-13', '2026-05-01', inForce())).toEqual([4])
    expect(await seats('2026-05-01', '2026-06-01', inForce())).toEqual([10])
  })

  it('are charged for the cycles that begin on the anniversary of the day on which the account was given the plan', async () => {
    const api = await withNames()
    await api.post('/customers', customer('other'))
    const { status } = await api.post('/accounts/other main/price_plans', {
      pricePlanId: api.ids.pro,
      effectiveFrom: '2026-05-18',
      effectiveUntil: '9999-01-01',
      pricePlanDetailsOverride: { pricingCycleConfig: { interval: 'MONTHLY', anniversaryCycle: true, gracePeriod: 0 } },
    })
    expect(status).toBe(200)
    const lookupRange = { start: '2026-04-13T00:00:00Z', end: '2026-05-01T00:00:00Z', accountId: ACCOUNT }
    const answer = await ask(api, inForce('2026-06-20T00:00:00Z', {}, 'other main'), {
      namedLicenseEntriesConfig: { mode: 'LOOKUP_RANGE', lookupRange },
    })
    /** From 18 March until 18 April: the fourth week begins on 8 April, the fifth on the 15th. */
    expect(api.seatsOf(answer)).toEqual([2])
  })

  it('that are sent count in the cycle of the account whose plan it is', async () => {
    const api = await withTimeline()
    const named = (effectiveFrom: string) => ({
      namedLicenseEntriesConfig: { mode: 'CUSTOM', custom: [{ licenseId: api.addOns.seats, name: 'ann', effectiveFrom }] },
    })
    const seats = async (...more: object[]) => slabsOf((await ask(api, inForce('2026-04-20T00:00:00Z'), ...more)).revenueInfo[2])[0].usage
    expect(await seats(named('2020-01-01T00:00:00Z'))).toBe(3)
    expect(await seats(named('2026-04-22T00:00:00Z'))).toBe(2)
    expect(await seats(named('2026-05-01T00:00:00Z'))).toBe(0)
  })
})

describe('the numbers of licences of an account', () => {
  const at = (date: string): number => Date.parse(date.includes('T') ? date : `${date}T00:00:00Z`)
  const range = { start: at('2026-04-13'), end: at('2026-05-01') }
  const changes = (...all: [date: string, quantity: string][]) => all.map(([date, quantity]) => ({ at: at(date), quantity }))
  const cut = (...all: [date: string, quantity: string][]) =>
    cutChanges('addon.S', changes(...all), range).map(({ licenseId, at: time, quantity }) => [
      licenseId,
      new Date(time).toISOString(),
      quantity,
    ])

  it('in a time range are those that it begins with, and its changes', () => {
    expect(cut()).toEqual([])
    expect(cut(['2026-01-01', '3'], ['2026-04-12T23:59:59.999Z', '5'])).toEqual([['addon.S', '2026-04-13T00:00:00.000Z', '5']])
    expect(cut(['2026-01-01', '3'], ['2026-04-13', '5'], ['2026-04-13', '6'])).toEqual([['addon.S', '2026-04-13T00:00:00.000Z', '6']])
    expect(cut(['2026-04-13T00:00:00.001Z', '5'], ['2026-04-30T23:59:59.999Z', '6'], ['2026-05-01', '7'])).toEqual([
      ['addon.S', '2026-04-13T00:00:00.001Z', '5'],
      ['addon.S', '2026-04-30T23:59:59.999Z', '6'],
    ])
    expect(cut(['2026-05-01', '7'])).toEqual([])
    expect(cut(['2026-04-20', '1'], ['2026-04-20', '2.5'])).toEqual([
      ['addon.S', '2026-04-20T00:00:00.000Z', '1'],
      ['addon.S', '2026-04-20T00:00:00.000Z', '2.5'],
    ])
  })

  it('are charged in the cycle for which they were looked up', () => {
    const cycle: Cycle = {
      ordinal: 1,
      start: readDay('2026-04-13'),
      end: readDay('2026-05-01'),
      nominalStart: readDay('2026-04-01'),
      nominalEnd: readDay('2026-05-01'),
    }
    const others: Cycle = { ordinal: 1, start: 0, end: 1, nominalStart: 0, nominalEnd: 1 }
    const card = (more: Partial<LicenseCard>): LicenseCard => ({
      type: 'LICENSE',
      billableId: 'addon.S',
      name: 'seats',
      displayName: 'Seats',
      timing: 'IN_ARREARS',
      isProrated: false,
      model: 'TIERED',
      slabs: [{ order: 1, startAfter: '0', priceType: 'PER_UNIT' }],
      rates: { USD: { slabRates: [{ order: 1, rate: '10' }] } },
      ...more,
    })
    const amount = (counted: CountedUse[], more: Partial<LicenseCard> = {}) => {
      const charged = chargeLicenses(card(more), {
        licenses: { counted, named: [] },
        type: 'LICENSE',
        cycles: { counted: cycle, named: others },
      })
      const input = { currency: 'USD', usage: {}, overage: {}, licenses: { 'addon.S': charged.use } }
      const rated = rateOneCard(charged.card, { ...input, cycle: charged.cycle })
      return rated && formatDecimal(decimalOf(rated.amount))
    }
    const held = cutChanges('addon.S', changes(['2026-03-01', '9'], ['2026-04-01', '3'], ['2026-04-28', '6'], ['2026-05-01', '99']), range)
    expect(amount(held)).toBe('60')
    /** 15 days with 3 and 3 days with 6, of 30. */
    expect(amount(held, { isProrated: true })).toBe('21')
    expect(amount(held, { timing: 'IN_ADVANCE' })).toBe('60')
    const fewer = cutChanges('addon.S', changes(['2026-03-01', '9'], ['2026-04-20', '2']), range)
    expect([amount(fewer), amount(fewer, { timing: 'IN_ADVANCE' })]).toEqual(['20', '90'])
  })

  it('are those that the account has in the cycle or the time range', async () => {
    const api = await withTimeline()
    const { body: seats } = await api.post('/addons', { name: 'Editors', type: 'LICENSE' })
    const update = async (effectiveFrom: string, quantity: number, updateType = 'ABSOLUTE') =>
      expect(
        (await api.post('/license_updates', { licenseId: seats.id, accountId: ACCOUNT, updateType, quantity, effectiveFrom })).status,
      ).toBe(200)
    await update('2026-03-01T00:00:00Z', 9)
    await update('2026-05-01T00:00:00Z', 99)
    await update('2026-04-28T00:00:00Z', 6)
    await update('2026-04-15T00:00:00Z', 3)
    await update('2026-04-28T12:00:00Z', 1, 'RELATIVE')
    const plan = (enableProration: boolean) =>
      calculationOf({ licenseRateCards: [{ id: seats.id, name: 'editors', enableProration, ...perUnit(10) }] })
    const amount = async (licenseEntriesConfig: object, enableProration = false, more: object = {}): Promise<number> => {
      const answer = await calculate(api, { ...plan(enableProration), licenseEntriesConfig, ...more })
      return slabsOf(answer.revenueInfo[0])[0].revenue
    }
    expect(await amount(cycleOn('2026-04-20T00:00:00Z'))).toBe(70)
    expect(await amount(cycleOn('2026-04-05T00:00:00Z'))).toBe(90)
    const lookupRange = { start: '2026-04-20T00:00:00Z', end: '2026-04-28T01:00:00Z', accountId: ACCOUNT }
    expect(await amount({ mode: 'LOOKUP_RANGE', lookupRange })).toBe(60)
    /** Two days with 9, then 13 with 3, and 3 with 7, of 30. */
    expect(await amount(cycleOn('2026-04-20T00:00:00Z'), true, prorationOn('2026-04-20T00:00:00Z'))).toBe(26)
  })

  it('are none where an account has none', async () => {
    const api = await withTimeline()
    const lookupRange = { start: '2026-04-13T00:00:00Z', end: '2026-05-01T00:00:00Z', accountId: ACCOUNT }
    for (const licenseEntriesConfig of [cycleOn('2026-04-20T00:00:00Z'), { mode: 'LOOKUP_RANGE', lookupRange }]) {
      const { revenueInfo } = await ask(api, inForce('2026-04-20T00:00:00Z'), { licenseEntriesConfig })
      expect(slabsOf(revenueInfo[2])).toEqual([{ order: 1, usage: 0, revenue: 0 }])
    }
  })
})
