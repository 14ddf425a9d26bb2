import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { packRating, unpackRating } from '../../src/billing/invoices/kept_rating.ts'
import { formatDecimal } from '../../src/lib/decimal.ts'
import { type Line, parentOf } from '../../src/rating/line.ts'

const amount = fc.integer({ min: -100_000, max: 100_000 }).map((cents) => formatDecimal({ coefficient: BigInt(cents), scale: 2 }))
const type = fc.constantFrom('GROSS_AMOUNT', 'USAGE_RATE_CARD_AMOUNT', 'USAGE_RATE_CARD_SLAB_AMOUNT', 'CUSTOM_TAG', 'SOMETHING_NEW')
const slab = fc.record(
  {
    order: fc.integer({ min: 1, max: 10 }),
    priceType: fc.constantFrom('FLAT', 'PER_UNIT', 'PACKAGE'),
    startAfter: fc.constantFrom('0', '10', '99.5'),
    packageSize: fc.constantFrom('5', '0'),
    packageQuantity: fc.constantFrom('3', '0.5'),
    minimumRateApplied: fc.constant(true),
    maximumRateApplied: fc.constant(true),
  },
  { requiredKeys: ['order', 'priceType', 'startAfter'] },
)
const metadata = fc.oneof(
  slab,
  fc.record({ rateCardName: fc.string() }),
  fc.record({ error: fc.string(), rateCardName: fc.string() }),
  fc.dictionary(
    fc.string().filter((key) => key !== '__proto__'),
    fc.string(),
  ),
)
const leaf = fc
  .record(
    {
      id: fc.oneof(fc.constantFrom('GROSS_AMOUNT', 'addon.A', ''), fc.string()),
      type,
      description: fc.oneof(fc.constantFrom('Gross Amount', 'Slab 1', 'Slab undefined', '0', ''), fc.string()),
      value: amount,
      quantity: amount,
      valuePerQuantity: amount,
      metadata,
    },
    { requiredKeys: ['type', 'description', 'value'] },
  )
  .map((line): Line => line)

const tree: fc.Arbitrary<Line> = fc.letrec<{ line: Line }>((tie) => ({
  line: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.tuple(leaf, fc.array(tie('line'), { maxLength: 4 })).map(([{ value: _value, ...line }, lines]) => parentOf(line, lines)),
    /** A line that is not the sum of its lines is kept as it is, so that it is found. */
    fc.tuple(leaf, fc.array(tie('line'), { maxLength: 4 })).map(([line, lines]) => ({ ...line, lines })),
  ),
})).line

describe('what an invoice keeps of its lines', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(tree, fc.array(leaf, { maxLength: 3 }), (root, usage) => {
        const rated = { root, usage, written: [{ value: '5' }] }
        const text = packRating(rated)
        expect(unpackRating(text)).toEqual(rated)
        expect(packRating(unpackRating(text))).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })

  it('is also read where a tree was kept whole', () => {
    const root = parentOf({ id: 'GROSS_AMOUNT', type: 'GROSS_AMOUNT', description: 'Gross Amount' }, [])
    expect(unpackRating(JSON.stringify({ root, usage: [] }))).toEqual({ root, usage: [] })
  })

  it('is a third as long for a card with slabs', () => {
    const slabs = Array.from({ length: 10 }, (_, index): Line => ({
      type: 'USAGE_RATE_CARD_SLAB_AMOUNT',
      description: `Slab ${index + 1}`,
      quantity: '1000',
      valuePerQuantity: '0.05',
      value: '50',
      metadata: { order: index + 1, priceType: 'PER_UNIT', startAfter: String(1000 * index) },
    }))
    const card = parentOf(
      { id: 'um.API', type: 'USAGE_RATE_CARD_AMOUNT', description: 'Calls', metadata: { rateCardName: 'calls' } },
      slabs,
    )
    const rated = { root: parentOf({ id: 'GROSS_AMOUNT', type: 'GROSS_AMOUNT', description: 'Gross Amount' }, [card]), usage: [] }
    expect(3 * packRating(rated).length).toBeLessThan(JSON.stringify(rated).length)
  })
})
