import { describe, expect, it } from 'vitest'
import type { Card } from '../../src/rating/card.ts'
import { rateCard } from '../../src/rating/rate.ts'
import { type PricingRule, applyRules, openCard, readTarget, ruleKeyOf } from '../../src/rating/rules.ts'
import { cycleBetween, feeCard, grantCard, inputOf, licenseCard, pricesOf, quantityFrom, ruleOf, usageCard } from './cards.ts'

const CYCLE = cycleBetween('2024-05-01', '2024-06-01')

const apply = (rules: readonly PricingRule[], cards: readonly Card[], usage: Record<string, string> = {}) => {
  const input = inputOf({ cycle: CYCLE, usage, licenses: { 'addon.SEAT': quantityFrom('2024-04-01', '12') } })
  const opened = cards.flatMap((card) => rateCard(card, input) ?? []).map((rated) => openCard(rated, 2))
  const ruled = applyRules(rules, opened, { currency: 'USD', digits: 2, cycle: CYCLE })
  return {
    cards: Object.fromEntries(
      ruled.cards.map(({ rated, line, quantity }) => [ruleKeyOf(rated.card), { value: line.value, quantity, lines: line.lines }]),
    ),
    additions: ruled.additions.map(({ id, value }) => [id, value]),
    logs: ruled.logs.map(({ type, changes }) => ({ type, ...changes })),
    variables: ruled.logs.map(({ variables }) => variables),
  }
}

const perUnit = (rate: string) => pricesOf([['0', 'PER_UNIT', rate]])

describe('a pricing rule', () => {
  it('rule-log-usage-update: sets the usage of a card, which is rated again, and leaves its slabs as they were', () => {
    const rule = ruleOf('r', 1, '{"*":[{"var":"usage.urc.um.X"},2]}', { type: 'UPDATE', target: 'usage.urc.um.X' })
    const { cards, logs } = apply([rule], [usageCard('um.X', perUnit('2'))], { 'um.X': '100' })
    expect(logs).toEqual([
      { type: 'CONDITION_TRUE', key: 'urc.um.X', oldRevenue: '200', newRevenue: '400', oldUsage: '100', newUsage: '200' },
    ])
    expect(cards['urc.um.X']).toMatchObject({
      value: '400',
      quantity: '200',
      lines: [
        { quantity: '100', value: '200' },
        { type: 'PRICING_RULE_USAGE_UPDATE_AMOUNT', quantity: '100', value: '200' },
      ],
    })
  })

  describe('that sets the number of licences', () => {
    const tiers = pricesOf([
      ['0', 'PER_UNIT', '6'],
      ['5', 'PER_UNIT', '4'],
    ])
    const weekly = licenseCard('addon.L', perUnit('1'), { isProrated: false, usageCycle: 'WEEKLY' })
    const four = cycleBetween('2024-05-01', '2024-05-29')
    const half = cycleBetween('2024-06-16', '2024-07-01', ['2024-06-01', '2024-07-01'])
    const tenOf31 = cycleBetween('2024-05-22', '2024-06-01', ['2024-05-01', '2024-06-01'])
    const priceOf = (card: Card, cycle: typeof CYCLE, quantity: string, ...computations: string[]) => {
      const rated = rateCard(card, inputOf({ cycle, licenses: { 'addon.L': quantityFrom('2024-01-01', quantity) } }))
      const rules = computations.map((computation, index) =>
        ruleOf(`r${index}`, index + 1, computation, { type: 'UPDATE', target: 'usage.lic.addon.L' }),
      )
      const opened = rated ? [openCard(rated, 2)] : []
      return applyRules(rules, opened, { currency: 'USD', digits: 2, cycle }).cards.map(({ line }) => line.value)[0]
    }
    const same = '{"var":"usage.lic.addon.L"}'
    const twice = `{"*":[${same},2]}`

    it('to what it is changes no price', () => {
      for (const card of [
        weekly,
        { ...weekly, isProrated: true },
        licenseCard('addon.L', tiers),
        licenseCard('addon.L', tiers, { timing: 'IN_ADVANCE' }),
        licenseCard('addon.L', pricesOf([['0', { packageSize: '3' }, '7']], 'VOLUME')),
      ])
        for (const cycle of [four, half, tenOf31, CYCLE])
          for (const quantity of ['0', '1', '2', '10']) {
            const price = priceOf(card, cycle, quantity)
            expect([priceOf(card, cycle, quantity, same), priceOf(card, cycle, quantity, twice, same, `{"/":[${same},2]}`)]).toEqual([
              price,
              price,
            ])
          }
      expect([priceOf(weekly, four, '2', same), priceOf(licenseCard('addon.L', tiers), half, '10', same)]).toEqual(['8', '25'])
    })

    it('to another one changes that of each window and day in proportion', () => {
      expect(['3', twice, '0'].map((quantity) => priceOf(weekly, four, '2', quantity))).toEqual(['12', '16', '0'])
      const prorated = licenseCard('addon.L', tiers)
      expect(['10', twice, '2.5'].map((quantity) => priceOf(prorated, half, '10', quantity))).toEqual(['45', '45', '15'])
    })

    it('loses no cent, though a part of days is rounded where rules read it', () => {
      const prorated = licenseCard('addon.L', perUnit('31'))
      expect(priceOf(prorated, tenOf31, '1')).toBe('10')
      expect([twice, `{"+":[${same},1]}`, `{"/":[${same},10]}`, '5'].map((quantity) => priceOf(prorated, tenOf31, '1', quantity))).toEqual([
        '20',
        '41',
        '1',
        '155',
      ])
      const packages = licenseCard('addon.L', pricesOf([['0', { packageSize: '20' }, '31']]))
      expect(priceOf(packages, tenOf31, '10', twice)).toBe('10')
    })

    it('where there were none counts as many on each day', () => {
      expect([priceOf(weekly, four, '0', '3'), priceOf(licenseCard('addon.L', tiers), half, '0', '5')]).toEqual(['12', '25'])
      expect(priceOf(licenseCard('addon.L', perUnit('31')), tenOf31, '0', '5')).toBe('155')
    })

    it('keeps what a rule before has set the price to, where it leaves the number', () => {
      const { cards } = apply(
        [
          ruleOf('price', 1, '7', { type: 'UPDATE', target: 'revenue.lic.addon.SEAT' }),
          ruleOf('same', 2, '{"var":"usage.lic.addon.SEAT"}', { type: 'UPDATE', target: 'usage.lic.addon.SEAT' }),
        ],
        [licenseCard('addon.SEAT', perUnit('20'))],
      )
      expect(cards['lic.addon.SEAT']).toMatchObject({ value: '7', quantity: '12' })
    })
  })

  it('rule-calls-bundle: adds a discount of what licences include', () => {
    const included =
      '{"*":[-0.1,{"if":[{"<":[{"*":[{"var":"usage.lic.addon.SEAT"},1000]},{"var":"usage.urc.um.CALLS"}]},{"*":[{"var":"usage.lic.addon.SEAT"},1000]},{"var":"usage.urc.um.CALLS"}]}]}'
    const { additions, cards } = apply(
      [ruleOf('bundle', 1, included, { type: 'ADD', id: 'bundle.discount' })],
      [usageCard('um.CALLS', perUnit('0.1')), licenseCard('addon.SEAT', perUnit('20'), { isProrated: false })],
      { 'um.CALLS': '15000' },
    )
    expect([cards['urc.um.CALLS']?.value, additions]).toEqual(['1500', [['bundle.discount', '-1200']]])
  })

  it.each([
    '{"*":[{"duration.as":[{"duration.between":[{"date":{"var":"invoice.start_date"}},{"date":{"var":"invoice.end_date"}}]},"DAYS"]},75]}',
    '{"*":[{"duration.between":[{"date":{"var":"invoice.start_date"}},{"date":{"var":"invoice.end_date"}}]},75]}',
  ])('rule-photos-per-day: frees so many a day of the cycle: %s', (free) => {
    const rule = ruleOf('photos', 1, `{"max":[0,{"-":[{"var":"usage.urc.um.PHOTO"},${free}]}]}`, {
      type: 'UPDATE',
      target: 'usage.urc.um.PHOTO',
    })
    const { cards } = apply([rule], [usageCard('um.PHOTO', perUnit('1'))], { 'um.PHOTO': '3000' })
    expect(cards['urc.um.PHOTO']).toMatchObject({ value: '675', quantity: '675' })
  })

  it('sees what those before it have made, in their order, and the sums of tags and of all cards', () => {
    const rules = [
      ruleOf('third', 3, '{"var":"revenue.rate_card_total"}', { type: 'ADD' }),
      ruleOf('first', 1, '50', { type: 'UPDATE', target: 'revenue.ff.addon.A' }),
      ruleOf('second', 2, '{"+":[{"var":"revenue.tag.T"},{"var":"usage.tag.T"},{"var":"credit.cg.addon.G"}]}', { type: 'ADD' }),
    ]
    const { additions } = apply(
      rules,
      [feeCard('addon.A', '100', { tag: 'T' }), usageCard('um.X', perUnit('1'), { tag: 'T' }), grantCard('addon.G', '1000', '5')],
      { 'um.X': '7' },
    )
    expect(additions).toEqual([
      ['second', '1064'],
      ['third', '62'],
    ])
  })

  it('whose condition does not hold, or that fails, changes nothing and says why', () => {
    const target = { type: 'UPDATE', target: 'revenue.ff.addon.A' } as const
    const rules = [
      ruleOf('false', 1, '1', target, { condition: '{">":[{"var":"revenue.ff.addon.A"},1000]}' }),
      ruleOf('condition', 2, '1', target, { condition: '{"/":[1,0]}' }),
      ruleOf('text', 3, '"many"', target),
      ruleOf('nothing', 4, '{"var":"usage.urc.um.NONE"}', target),
      ruleOf('no card', 5, '1', { type: 'UPDATE', target: 'revenue.ff.addon.NONE' }),
      ruleOf('no usage', 6, '1', { type: 'UPDATE', target: 'usage.ff.addon.A' }),
      ruleOf('tag', 7, '1', { type: 'UPDATE', target: 'revenue.tag.T' }),
    ]
    const { cards, additions, logs, variables } = apply(rules, [feeCard('addon.A', '100', { tag: 'T' })])
    expect([cards['ff.addon.A']?.value, additions]).toEqual(['100', []])
    expect(logs.map(({ type, errorMessage }) => [type, errorMessage])).toEqual([
      ['CONDITION_FALSE', undefined],
      ['CONDITION_ERROR', '"/": division by zero'],
      ['COMPUTATION_ERROR', 'the computation must come to a number'],
      ['COMPUTATION_ERROR', 'the computation must come to a number'],
      ['COMPUTATION_ERROR', 'no card of this invoice is revenue.ff.addon.NONE'],
      ['COMPUTATION_ERROR', 'usage.ff.addon.A has no usage that could be set'],
      ['COMPUTATION_ERROR', 'no card of this invoice is revenue.tag.T'],
    ])
    expect(variables.slice(0, 4)).toEqual([{ 'revenue.ff.addon.A': '100' }, {}, {}, { 'usage.urc.um.NONE': null }])
  })

  it('knows the cards by their families', () => {
    expect(readTarget('revenue.ff.addon.a.b')).toEqual({ what: 'revenue', key: 'ff.addon.a.b' })
    expect(['credit.cg.addon.A', 'revenue.tag.T', 'revenue.rate_card_total', 'ff.addon.A', ''].map(readTarget)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
})
