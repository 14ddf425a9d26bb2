import { describe, expect, it } from 'vitest'
import { type Line, sumOf } from '../../src/rating/line.ts'
import { type Credit, applyCredits } from '../../src/rating/credits.ts'
import { type InvoiceInput, buildInvoice, chargeAdvance, chargeArrears, chargeOrder, chargePurchase } from '../../src/rating/invoice.ts'
import type { Card } from '../../src/rating/card.ts'
import type { PricingRule } from '../../src/rating/rules.ts'
import {
  commitmentCard,
  cycleBetween,
  entitlementCard,
  feeCard,
  grantCard,
  inputOf,
  licenseCard,
  overageCard,
  pricesOf,
  quantityFrom,
  ruleOf,
  usageCard,
} from './cards.ts'

const FROM = Date.parse('2024-06-01')
const UNTIL = Date.parse('2024-07-01')

const creditOf = (id: string, remaining: string, more: Partial<Credit> = {}): Credit => ({
  id,
  purpose: id,
  priority: 1,
  remaining,
  appliesTo: [],
  effectiveFrom: 0,
  effectiveUntil: null,
  createdAt: 0,
  ...more,
})

const planOf = (cards: readonly Card[], rules: readonly PricingRule[] = []) => ({ name: 'Orbit Scale', cards, rules })

const invoiceOf = (charges: readonly Line[], more: Partial<InvoiceInput> = {}) =>
  buildInvoice(charges, { digits: 2, from: FROM, until: UNTIL, ...more })

/** The lines of a type anywhere below a line. */
const linesOf = (line: Line, type: string): Line[] => [
  ...(line.type === type ? [line] : []),
  ...(line.lines ?? []).flatMap((its) => linesOf(its, type)),
]
const valueOf = (root: Line, type: string): string | undefined => linesOf(root, type)[0]?.value

/** Lines whose value is not the sum of their own. */
const wrongSums = (line: Line): Line[] => [
  ...(line.lines && sumOf(line.lines) !== line.value ? [line] : []),
  ...(line.lines ?? []).flatMap(wrongSums),
]

describe('the tree of an invoice', () => {
  const platform = { tag: 'Platform' }
  const cards: Card[] = [
    usageCard(
      'um.API',
      pricesOf(
        [
          ['0', 'PER_UNIT', '0.05'],
          ['1000', { packageSize: '500' }, '15'],
        ],
        'TIERED',
        { maximum: '90' },
      ),
      platform,
    ),
    licenseCard('addon.SEAT', pricesOf([['0', 'PER_UNIT', '12']])),
    licenseCard('addon.ACTIVE_USER', pricesOf([['0', 'PER_UNIT', '1']]), { isProrated: false, usageCycle: 'WEEKLY' }),
    feeCard('addon.SUPPORT', '99', platform),
    entitlementCard('feature.EXPORT', pricesOf([['0', 'PER_UNIT', '0.1']]), ['150', '50']),
    overageCard('feature.EXPORT', pricesOf([['0', 'PER_UNIT', '0.25']])),
    grantCard('addon.COMMIT', '100', '100'),
    commitmentCard('500'),
  ]
  const rules = [
    ruleOf('pp_rule.UPD', 1, '{"-":[{"var":"revenue.ff.addon.SUPPORT"},9]}', {
      type: 'UPDATE',
      target: 'revenue.ff.addon.SUPPORT',
      description: 'Small-team rebate',
    }),
    ruleOf('pp_rule.ADD', 2, '-7', { type: 'ADD', description: 'Loyalty discount' }),
  ]
  const names = ['ann', 'bob', 'cid'].map((name) => ({ name, from: 0, until: null }))
  const input = inputOf({
    usage: { 'um.API': '2300' },
    licenses: {
      'addon.SEAT': {
        changes: [
          { at: Date.parse('2024-05-03'), quantity: '10' },
          { at: Date.parse('2024-06-21'), quantity: '13' },
        ],
      },
      'addon.ACTIVE_USER': { names },
    },
    overage: { 'feature.EXPORT': '40' },
  })
  const { lines } = chargeArrears(planOf(cards, rules), input, 2)
  const { root, credits } = invoiceOf(lines, {
    credits: [creditOf('cred.PROMO', '30', { priority: 5 }), creditOf('cred.GRANT', '100', { appliesTo: ['um.API'] })],
    miscellaneous: [
      { name: 'Onboarding call', rate: '5', quantity: '2' },
      { name: 'Compliance 5 percent', value: '{"*":[{"var":"um.API"},0.05]}' },
    ],
    taxes: [{ description: 'VAT 10 percent', percent: '10' }],
  })

  it('invoice-tree-annotated: has the sums of the worked example, and each parent is the sum of its lines', () => {
    const sums = [
      'SUB_TOTAL_AMOUNT',
      'TRUE_UP_AMOUNT',
      'PRICE_PLAN_AMOUNT',
      'GROSS_AMOUNT',
      'TOTAL_CREDITS',
      'NET_AMOUNT',
      'TOTAL_MISCELLANEOUS_CHARGES',
      'TOTAL_TAX_AMOUNT',
      'TOTAL_AMOUNT',
      'GRAND_TOTAL_AMOUNT',
    ]
    expect(sums.map((type) => valueOf(root, type))).toEqual(['450', '50', '500', '500', '-120', '380', '14.5', '39.45', '433.95', '433.95'])
    expect(wrongSums(root)).toEqual([])
    expect(credits.map(({ credit, amount, lines: its }) => [credit.id, amount, its])).toEqual([
      ['cred.GRANT', '90', { 'um.API': '90' }],
      ['cred.PROMO', '30', {}],
    ])
  })

  it('says of each line what made it', () => {
    expect(linesOf(root, 'CUSTOM_TAG')).toMatchObject([{ id: 'Platform', value: '180' }])
    expect(linesOf(root, 'USAGE_RATE_CARD_AMOUNT')).toMatchObject([
      {
        id: 'um.API',
        quantity: '2300',
        value: '90',
        lines: [
          { description: 'Slab 1', quantity: '1000', valuePerQuantity: '0.05', value: '50', metadata: { order: 1, startAfter: '0' } },
          {
            description: 'Slab 2',
            quantity: '1300',
            valuePerQuantity: '15',
            value: '45',
            metadata: { order: 2, priceType: 'PACKAGE', startAfter: '1000', packageSize: '500', packageQuantity: '3' },
          },
          { type: 'RATE_CONFIG_ADJUSTMENT_AMOUNT', description: 'Maximum charge adjustment', value: '-5' },
        ],
      },
    ])
    const [support] = linesOf(root, 'FIXED_FEE_RATE_CARD_AMOUNT')
    expect(support).toMatchObject({
      value: '90',
      lines: [{ value: '99' }, { type: 'PRICING_RULE_REVENUE_UPDATE_AMOUNT', id: 'pp_rule.UPD', value: '-9' }],
    })
    expect(linesOf(root, 'LICENSE_RATE_CARD_AMOUNT')).toMatchObject([
      { id: 'addon.SEAT', quantity: '11', value: '132' },
      { id: 'addon.ACTIVE_USER', quantity: '3', value: '15' },
    ])
    expect(linesOf(root, 'USAGE_CYCLE_AMOUNT').map(({ description, value }) => [description, value])).toEqual([
      ['2024-06-01 to 2024-06-07', '3'],
      ['2024-06-08 to 2024-06-14', '3'],
      ['2024-06-15 to 2024-06-21', '3'],
      ['2024-06-22 to 2024-06-28', '3'],
      ['2024-06-29 to 2024-06-30', '3'],
    ])
    expect(linesOf(root, 'BILLING_ENTITLEMENT_RATE_CARD_AMOUNT')).toMatchObject([{ quantity: '200', value: '20' }])
    expect(linesOf(root, 'CREDIT_GRANT_RATE_CARD_AMOUNT')).toMatchObject([{ quantity: '100', value: '100' }])
    expect(linesOf(root, 'PRICING_RULE_ADDITION_AMOUNT')).toMatchObject([{ id: 'pp_rule.ADD', value: '-7' }])
  })

  it('sample-plan-one-cycle: bills what is paid in advance apart', () => {
    const flat = (rate: string) => pricesOf([['0', 'FLAT', rate]])
    const advance = { timing: 'IN_ADVANCE' } as const
    const sample = planOf([
      usageCard('um.S', pricesOf([['0', 'FLAT', '10']], 'TIERED', { minimum: '1', maximum: '10' })),
      feeCard('addon.A', '40', advance),
      feeCard('addon.B', '50'),
      feeCard('addon.C', '10'),
      licenseCard('addon.L', pricesOf([['0', 'FLAT', '15']], 'TIERED', { minimum: '1', maximum: '10' }), { isProrated: false }),
      entitlementCard('feature1', pricesOf([['0', 'PER_UNIT', '1']]), ['100'], advance),
      entitlementCard('feature2', pricesOf([['0', 'PER_UNIT', '2']]), ['200'], advance),
      grantCard('addon.G', '10', '10'),
      grantCard('addon.H', '11', '11'),
      { ...feeCard('addon.X', '1'), fees: { INR: '5' } },
      commitmentCard('0'),
      { ...grantCard('addon.Z', '1', '1'), credits: {} },
    ])
    const its = inputOf({ usage: { 'um.S': '5' }, licenses: { 'addon.L': quantityFrom('2024-05-03', '3') } })
    const [advanced] = chargeAdvance(sample, its, 2).lines
    expect(advanced?.value).toBe('540')
    expect(advanced?.lines?.map(({ type, value }) => [type, value])).toEqual([
      ['ADVANCED_FIXED_FEE', '40'],
      ['ADVANCED_BILLING_ENTITLEMENT_RATE_CARD_AMOUNT', '100'],
      ['ADVANCED_BILLING_ENTITLEMENT_RATE_CARD_AMOUNT', '400'],
    ])
    const arrears = chargeArrears(sample, its, 2).lines
    expect(arrears[0]?.lines?.map(({ type, value }) => [type, value])).toEqual([['SUB_TOTAL_AMOUNT', '101']])
    expect(arrears[0]?.lines?.[0]?.lines?.map(({ value }) => value)).toEqual(['10', '50', '10', '10', '10', '11'])
    expect(flat('1').slabs).toHaveLength(1)
  })

  it('of an order has the price of a pack times how often it is bought', () => {
    const pack = planOf([
      entitlementCard('feature.X', pricesOf([['0', 'PER_UNIT', '1']]), ['100'], { timing: 'PREPAID' }),
      feeCard('addon.SETUP', '9.99', { recurrence: { isOnce: true, interval: 1, offset: 0 } }),
    ])
    const [line] = chargePurchase(pack, inputOf(), 2, (id) => (id === 'feature.X' ? '1.2' : '3')).lines
    expect(line).toMatchObject({
      type: 'TOTAL_PURCHASE_AMOUNT',
      value: '149.97',
      lines: [
        { type: 'BILLING_ENTITLEMENT_RATE_CARD_AMOUNT', quantity: '120', value: '120' },
        { type: 'FIXED_FEE_RATE_CARD_AMOUNT', quantity: '3', valuePerQuantity: '9.99', value: '29.97' },
      ],
    })
  })

  it('of an order is cut after the price is multiplied', () => {
    const pack = planOf([
      feeCard('addon.F', '0.019'),
      entitlementCard('feature.X', pricesOf([['0', 'PER_UNIT', '0.00019']]), ['100']),
      entitlementCard('feature.Y', pricesOf([['0', 'PER_UNIT', '1']], 'TIERED', { maximum: '0.015' }), ['100']),
    ])
    const [line] = chargePurchase(pack, inputOf(), 2, () => '100').lines
    expect(line).toMatchObject({
      value: '5.3',
      lines: [
        { quantity: '100', valuePerQuantity: '0.019', value: '1.9' },
        { quantity: '10000', value: '1.9' },
        { quantity: '10000', value: '1.5' },
      ],
    })
  })

  it.each([
    { isOnce: false, interval: 2, offset: 0 },
    { isOnce: false, interval: 1, offset: 1 },
    { isOnce: true, interval: 1, offset: 1 },
  ])('of a purchase is one billing of the whole price, whatever the cycles of its cards: %o', (recurrence) => {
    const grant = grantCard('addon.G', '10', '5', { recurrence })
    const pack = planOf([
      feeCard('addon.F', '9', { recurrence, isProrated: true }),
      entitlementCard('feature.X', pricesOf([['0', 'PER_UNIT', '1']]), ['10'], { recurrence }),
      grant,
    ])
    const cycle = cycleBetween('2024-06-16', '2024-07-01', ['2024-06-01', '2024-07-01'])
    expect(chargePurchase(pack, inputOf({ cycle }), 2, () => '1').lines[0]?.value).toBe('24')
  })

  describe('of the order of a cycle', () => {
    const recurrence = { isOnce: false, interval: 2, offset: 0 }
    const mixed = [
      feeCard('addon.ARREARS', '1'),
      feeCard('addon.ADVANCE', '30', { timing: 'IN_ADVANCE', isProrated: true }),
      licenseCard('addon.SEAT', pricesOf([['0', 'PER_UNIT', '10']]), { timing: 'IN_ADVANCE' }),
      entitlementCard('feature.X', pricesOf([['0', 'PER_UNIT', '1']]), ['100'], { timing: 'PREPAID' }),
      feeCard('addon.PREPAID', '60', { timing: 'PREPAID', isProrated: true, recurrence }),
      usageCard('um.A', pricesOf([['0', 'PER_UNIT', '1']])),
      commitmentCard('1000'),
    ]
    const add = { type: 'ADD' } as const
    const plan = planOf(mixed, [
      ruleOf('advance', 1, '{"*":[{"var":"revenue.rate_card_total"},-0.1]}', add, { timing: 'IN_ADVANCE' }),
      ruleOf('arrears', 2, '-7', add),
    ])
    const whole = ['2024-06-01', '2024-07-01'] as const
    const order = (timings: Parameters<typeof chargeOrder>[3], from = '2024-06-01', ordinal = 1, of = plan) =>
      chargeOrder(
        of,
        inputOf({
          cycle: cycleBetween(from, '2024-07-01', whole, ordinal),
          usage: { 'um.A': '9' },
          licenses: { 'addon.SEAT': quantityFrom('2024-01-01', '3') },
        }),
        2,
        timings,
      )
    const linesIn = (charges: ReturnType<typeof order>) => charges.lines[0]?.lines?.map(({ type, value }) => [type, value])

    it('charges what is prepaid in each cycle that it is due in, without rules', () => {
      const first = order(['PREPAID'])
      expect(first.lines).toMatchObject([{ type: 'TOTAL_PURCHASE_AMOUNT', value: '160' }])
      expect(linesIn(first)).toEqual([
        ['BILLING_ENTITLEMENT_RATE_CARD_AMOUNT', '100'],
        ['FIXED_FEE_RATE_CARD_AMOUNT', '60'],
      ])
      expect([2, 3].map((ordinal) => order(['PREPAID'], whole[0], ordinal).lines[0]?.value)).toEqual(['100', '160'])
      expect(first.logs).toEqual([])
      expect(order(['PREPAID'], whole[0], 1, planOf([feeCard('addon.F', '1')]))).toEqual({ lines: [], logs: [] })
    })

    it('charges the advance part of a plan that is bought, less where its first cycle is short', () => {
      const short = order(['IN_ADVANCE', 'PREPAID'], '2024-06-16')
      expect(linesIn(short)).toEqual([
        ['ADVANCED_FIXED_FEE', '15'],
        ['ADVANCED_LICENSE_RATE_CARD_AMOUNT', '15'],
        ['BILLING_ENTITLEMENT_RATE_CARD_AMOUNT', '100'],
        ['FIXED_FEE_RATE_CARD_AMOUNT', '30'],
        ['TOTAL_PRICING_RULE_ADDITION_AMOUNT', '-3'],
      ])
      expect(short.lines[0]?.value).toBe('157')
      expect(short.logs.map(({ rule }) => rule.id)).toEqual(['advance'])
      expect(order(['IN_ADVANCE', 'PREPAID']).lines[0]?.value).toBe('214')
    })
  })
})

describe('credits', () => {
  const leaf = (id: string, type: string, value: string): Line => ({ id, type, description: id, value })
  const apply = (lines: readonly Line[], credits: readonly Credit[]) =>
    applyCredits(lines, credits, { from: FROM, until: UNTIL, digits: 2 }).map(({ credit, amount }) => [credit.id, amount])

  it('credit-priority-order, credit-never-below-zero', () => {
    const lines = [leaf('um.A', 'USAGE_RATE_CARD_AMOUNT', '60'), leaf('addon.F', 'FIXED_FEE_RATE_CARD_AMOUNT', '50')]
    const c1 = creditOf('c1', '100', { priority: 5 })
    const c2 = creditOf('c2', '80', { appliesTo: ['ALL_USAGE_METER_RATE_CARDS'] })
    expect(apply(lines, [c1, c2])).toEqual([
      ['c2', '60'],
      ['c1', '50'],
    ])
    expect(apply([leaf('x', 'FIXED_FEE_RATE_CARD_AMOUNT', '40')], [creditOf('c', '100')])).toEqual([['c', '40']])
  })

  it('credit-john-wick: hold where they overlap the period of the invoice, half open', () => {
    const lines = [leaf('x', 'FIXED_FEE_RATE_CARD_AMOUNT', '100')]
    const of = (from: string, until: string | null) =>
      apply(lines, [creditOf('c', '50', { effectiveFrom: Date.parse(from), effectiveUntil: until === null ? null : Date.parse(until) })])
    expect(of('2024-06-19', '2024-07-02')).toEqual([['c', '50']])
    expect(of('2024-05-01', '2024-06-01')).toEqual([])
    expect(of('2024-07-01', null)).toEqual([])
  })

  it('commitment-via-credit-grant-over, -under: pay for no other credit, unless they name it', () => {
    const cards = [usageCard('um.A', pricesOf([['0', 'PER_UNIT', '1']])), grantCard('addon.C', '1000', '1000')]
    const netOf = (usage: string, appliesTo: readonly string[] = []) => {
      const { lines } = chargeArrears(planOf(cards), inputOf({ usage: { 'um.A': usage } }), 2)
      return valueOf(invoiceOf(lines, { credits: [creditOf('c', '1000', { appliesTo })] }).root, 'NET_AMOUNT')
    }
    expect([netOf('1400'), netOf('600'), netOf('600', ['addon.C'])]).toEqual(['1400', '1000', '600'])
  })

  it('never take more than the whole, also where charges are below 0 and several credits meet', () => {
    const lines = [
      leaf('um.A', 'USAGE_RATE_CARD_AMOUNT', '100'),
      leaf('r', 'PRICING_RULE_ADDITION_AMOUNT', '-30'),
      leaf('t', 'TRUE_UP_AMOUNT', '5'),
    ]
    expect(apply(lines, [creditOf('c', '1000')])).toEqual([['c', '75']])
    expect(apply(lines, [creditOf('c', '50'), creditOf('d', '1000', { appliesTo: ['um.A'], createdAt: 1 })])).toEqual([
      ['c', '50'],
      ['d', '25'],
    ])
  })

  it('P2-52: come off after what is committed', () => {
    const cards = [feeCard('addon.F', '50'), usageCard('um.A', pricesOf([['0', 'PER_UNIT', '1']])), commitmentCard('100')]
    const { lines } = chargeArrears(planOf(cards), inputOf({ usage: { 'um.A': '30' } }), 2)
    const { root } = invoiceOf(lines, { credits: [creditOf('c', '40')] })
    expect(
      ['SUB_TOTAL_AMOUNT', 'TRUE_UP_AMOUNT', 'PRICE_PLAN_AMOUNT', 'TOTAL_CREDITS', 'NET_AMOUNT'].map((type) => valueOf(root, type)),
    ).toEqual(['80', '20', '100', '-40', '60'])
  })
})

describe('a commitment', () => {
  const trueUp = (commitment: string, usage: string, cycle = cycleBetween('2024-06-01', '2024-07-01')) => {
    const cards = [usageCard('um.A', pricesOf([['0', 'PER_UNIT', '1']])), commitmentCard(commitment)]
    const [line] = chargeArrears(planOf(cards), inputOf({ usage: { 'um.A': usage }, cycle }), 2).lines
    return [linesOf(line as Line, 'TRUE_UP_AMOUNT')[0]?.value, line?.value]
  }

  it('true-up, true-up-none: adds what is missing and never takes', () => {
    expect(trueUp('1000', '640')).toEqual(['360', '1000'])
    expect(trueUp('1000', '1200')).toEqual([undefined, '1200'])
  })

  it('P2-53: is less in a cycle that is cut', () => {
    const halves = [
      cycleBetween('2026-04-01', '2026-04-16', ['2026-04-01', '2026-05-01']),
      cycleBetween('2026-04-16', '2026-05-01', ['2026-04-01', '2026-05-01']),
    ]
    expect(halves.map((cycle) => trueUp('100', '60', cycle))).toEqual([
      [undefined, '60'],
      [undefined, '60'],
    ])
  })
})
