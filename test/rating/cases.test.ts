import { afterEach, describe, expect, it, vi } from 'vitest'
import { anniversaryOffset, cycleAt, cycleOf, readDay, writeDay } from '../../src/rating/cycle.ts'
import { foldLicenseEntries } from '../../src/rating/licenses.ts'
import { cardLine, sumOf } from '../../src/rating/line.ts'
import { type RatingInput, rateCard } from '../../src/rating/rate.ts'
import type { Card } from '../../src/rating/card.ts'
import { type Price, cycleBetween, feeCard, inputOf, licenseCard, pricesOf, quantityFrom, usageCard } from './cards.ts'

/** Dates of a machine in a time zone: workerd has no other than UTC. */
const datesIn = (timeZone: string): DateConstructor => {
  const Utc = Date
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short', timeStyle: 'medium', hourCycle: 'h23' })
  /** The instant whose UTC parts are the parts that a clock in the zone shows. */
  const shown = (instant: number): Date => {
    const parts = Object.fromEntries(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)]))
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = parts
    return new Utc(Utc.UTC(year, month - 1, day, hour, minute, second))
  }
  return class extends Utc {
    constructor(...its: number[]) {
      const [year, month, ...rest] = its
      if (year === undefined || month === undefined) {
        super(...(its as []))
        return
      }
      const local = Utc.UTC(year, month, ...rest)
      const guess = 2 * local - shown(local).getTime()
      super(guess - (shown(guess).getTime() - local))
    }
    override getFullYear = (): number => shown(this.getTime()).getUTCFullYear()
    override getMonth = (): number => shown(this.getTime()).getUTCMonth()
    override getDate = (): number => shown(this.getTime()).getUTCDate()
    override getDay = (): number => shown(this.getTime()).getUTCDay()
    override getHours = (): number => shown(this.getTime()).getUTCHours()
    override getTimezoneOffset = (): number => (this.getTime() - shown(this.getTime()).getTime()) / 60_000
  } as unknown as DateConstructor
}

/** What a card costs, as money of two digits unless its currency has others. */
const costOf = (card: Card, input: RatingInput, digits = 2): string | undefined => {
  const rated = rateCard(card, input)
  return rated && cardLine(rated, digits).value
}

const usageCosts = (prices: readonly Price[], quantities: readonly string[], model: 'TIERED' | 'VOLUME' = 'TIERED', digits = 2) =>
  quantities.map((quantity) => costOf(usageCard('um.A', pricesOf(prices, model)), inputOf({ usage: { 'um.A': quantity } }), digits))

describe('slabs', () => {
  it('P2-01: begin behind their startAfter', () => {
    const prices: Price[] = [
      ['0', 'PER_UNIT', '0'],
      ['250', 'PER_UNIT', '0.02'],
    ]
    expect(usageCosts(prices, ['250', '251', '250.5'])).toEqual(['0', '0.02', '0.01'])
  })

  it('P2-02: have no gap between them for fractions', () => {
    const prices: Price[] = [
      ['0', 'PER_UNIT', '2'],
      ['5', 'PER_UNIT', '1.5'],
      ['10', 'PER_UNIT', '1'],
    ]
    expect(usageCosts(prices, ['5', '5.5', '10', '11'], 'VOLUME')).toEqual(['10', '8.25', '15', '11'])
  })

  it('P2-04: cost nothing without usage, a flat one either', () => {
    const prices: Price[] = [
      ['0', 'FLAT', '10'],
      ['100', 'PER_UNIT', '0.5'],
    ]
    expect(usageCosts(prices, ['0', '1', '100', '101'])).toEqual(['0', '10', '10', '10.5'])
  })

  it('P2-05: are sold in whole packages', () => {
    const quantities = ['0', '1', '1000', '1001', '1000.0001']
    const card = usageCard('um.A', pricesOf([['0', { packageSize: '1000' }, '5']]))
    const lines = quantities.map((quantity) => {
      const rated = rateCard(card, inputOf({ usage: { 'um.A': quantity } }))
      const line = rated && cardLine(rated, 2)
      return [line?.value, line?.lines?.[0]?.metadata?.['packageQuantity']]
    })
    expect(lines).toEqual([
      ['0', '0'],
      ['5', '1'],
      ['5', '1'],
      ['10', '2'],
      ['10', '2'],
    ])
  })

  it('P2-07: are each bounded before they are added up', () => {
    const prices: Price[] = [
      ['0', 'PER_UNIT', '0.1', { minimum: '5', maximum: '20' }],
      ['1000', 'PER_UNIT', '0.05', { maximum: '10' }],
    ]
    expect(usageCosts(prices, ['30', '1000', '1500'])).toEqual(['5', '20', '30'])
  })

  it('P2-10, P2-11, P2-14: are reckoned in decimals and cut last', () => {
    const costs = ['0.29', '1.15', '4.35', '0.57'].flatMap((rate) => usageCosts([['0', 'PER_UNIT', rate]], ['100']))
    expect(costs).toEqual(['29', '115', '435', '57'])
    expect(sumOf(['0.1', '0.2', '0.3'].map((value) => ({ type: '', description: '', value })))).toBe('0.6')
    expect(usageCosts([['0', 'PER_UNIT', '0.0000001']], ['123456789'])).toEqual(['12.34'])
    expect(usageCosts([['0', 'PER_UNIT', '0.0125']], ['1487'], 'TIERED', 3)).toEqual(['18.587'])
  })
})

const prorated = (fee: string, cycle: RatingInput['cycle'], digits = 2) =>
  costOf(feeCard('addon.F', fee, { isProrated: true }), inputOf({ cycle }), digits)

describe('a prorated fee', () => {
  it('P2-13: is cut to the unit of its currency', () => {
    expect(prorated('12000', cycleBetween('2024-07-25', '2024-08-01', ['2024-07-01', '2024-08-01']), 0)).toBe('2709')
  })

  it('P2-41: is a part of the days of its month', () => {
    expect(prorated('9', cycleBetween('2025-02-26', '2025-03-01', ['2025-02-01', '2025-03-01']))).toBe('0.96')
    expect(prorated('9', cycleBetween('2028-02-27', '2028-03-01', ['2028-02-01', '2028-03-01']))).toBe('0.93')
  })

  it('P2-43: is a part of the whole period, not of what is left of it', () => {
    const cycle = { interval: 'QUARTERLY', startOffset: { dayOffset: '1', monthOffset: '1' } } as const
    const first = cycleAt({ cycle, from: readDay('2024-05-20'), until: readDay('9999-01-01') }, readDay('2024-05-20'))
    expect(prorated('910', first ?? cycleBetween('2024-01-01', '2024-01-02'))).toBe('420')
  })

  describe('P2-46: counts days, in whatever zone it is reckoned', () => {
    afterEach(() => vi.unstubAllGlobals())

    it.each(['Europe/Berlin', 'America/New_York', 'Pacific/Auckland', 'UTC'])('%s', (zone) => {
      vi.stubGlobal('Date', datesIn(zone))
      const hours = (new Date(2026, 2, 30).getTime() - new Date(2026, 2, 29).getTime()) / 3_600_000
      expect([hours, new Date(2026, 2, 29).getDate()]).toEqual([zone === 'Europe/Berlin' ? 23 : 24, 29])
      const schedule = {
        cycle: { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' } },
        from: readDay('2026-03-29'),
        until: readDay('9999-01-01'),
      } as const
      const first = cycleOf(schedule, 1) as RatingInput['cycle']
      expect(first).toEqual(cycleBetween('2026-03-29', '2026-04-01', ['2026-03-01', '2026-04-01']))
      expect(costOf(feeCard('addon.F', '31', { isProrated: true }), inputOf({ schedule, cycle: first }))).toBe('3')
      expect(prorated('31', first)).toBe('3')
      const use = { 'addon.L': quantityFrom('2026-03-30T00:00:00Z', '1') }
      expect(costOf(licenseCard('addon.L', pricesOf([['0', 'PER_UNIT', '31']])), inputOf({ cycle: first, licenses: use }))).toBe('2')
    })
  })
})

describe('anniversaries', () => {
  const startsOf = (date: string, count: number) => {
    const cycle = { interval: 'MONTHLY', anniversaryCycle: true } as const
    const schedule = { cycle, from: readDay(date), until: readDay('9999-01-01') }
    return Array.from({ length: count }, (_, index) => writeDay(cycleOf(schedule, index + 1)?.start ?? 0).slice(5))
  }

  it('P2-44: of the end of a month come back', () => {
    expect(startsOf('2026-01-31', 5)).toEqual(['01-31', '02-28', '03-31', '04-30', '05-31'])
    expect(startsOf('2026-01-30', 4)).toEqual(['01-30', '02-28', '03-30', '04-30'])
    expect(startsOf('2026-02-28', 4)).toEqual(['02-28', '03-31', '04-30', '05-31'])
  })

  it('of 28 February of a leap year do not begin twice in two days', () => {
    expect(anniversaryOffset('ANNUALLY', readDay('2024-02-28'))).toEqual({ dayOffset: '28', monthOffset: '2' })
    expect(startsOf('2024-02-28', 2)).toEqual(['02-28', '03-28'])
  })
})

describe('licences', () => {
  it('P2-49: of a day count with their largest number', () => {
    const at = (time: string): number => Date.parse(`2026-06-${time}:00Z`)
    const costWith = (entries: readonly [string, string][]) => {
      const changes = foldLicenseEntries(
        entries.map(([time, quantity], index) => ({ at: at(time), createdAt: index, mode: 'RELATIVE', quantity })),
      )
      const card = licenseCard('addon.L', pricesOf([['0', 'PER_UNIT', '30']]))
      return costOf(card, inputOf({ cycle: cycleBetween('2026-06-01', '2026-07-01'), licenses: { 'addon.L': { changes } } }))
    }
    expect(
      costWith([
        ['27T10:00', '1'],
        ['27T11:00', '-1'],
        ['27T12:00', '1'],
        ['27T13:00', '-1'],
      ]),
    ).toBe('1')
    expect(
      costWith([
        ['27T10:00', '1'],
        ['28T10:00', '-1'],
        ['28T11:00', '1'],
      ]),
    ).toBe('4')
  })
})

describe('a free trial', () => {
  it('P2-55: is the short first cycle, whose usage is billed', () => {
    const cycle = { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' } } as const
    const schedule = { cycle, from: readDay('2026-03-20'), until: readDay('9999-01-01') }
    const fee = feeCard('addon.F', '30', { timing: 'IN_ADVANCE', recurrence: { isOnce: false, interval: 1, offset: 1 } })
    const usage = usageCard('um.A', pricesOf([['0', 'PER_UNIT', '1']]))
    const costs = [1, 2, 3].map((ordinal) => {
      const input = inputOf({
        schedule,
        cycle: cycleOf(schedule, ordinal) ?? cycleBetween('2026-01-01', '2026-01-02'),
        usage: { 'um.A': '5' },
      })
      return [costOf(fee, input), costOf(usage, input)]
    })
    expect(costs).toEqual([
      [undefined, '5'],
      ['30', '5'],
      ['30', '5'],
    ])
  })
})
