import { FEE, IN_ADVANCE, PAYER, START, UNIT } from './torture_invoices.ts'
import type { Send } from './torture_requests.ts'
import { openSetup } from './torture_setup.ts'
import { iso, textOf } from './torture_values.ts'

const feeOf = (id: unknown, rate: number, invoiceTiming: string) => ({
  id,
  name: `fee ${String(id)}`,
  enableProration: false,
  invoiceTiming,
  rateValues: [{ currency: 'USD', rate }],
})

/** Sets the clock, and creates the schema, the meter, two plans and so many payers, each of which has one of the plans. */
export const makeBillingCatalogue = async (send: Send, payers: number): Promise<void> => {
  const make = openSetup(send, 'billing')
  /** Makes a plan whose weeks begin on a day of the week. Gives its id. */
  const makePlan = async (name: string, dayOffset: string, [meter, fee, platform]: readonly unknown[]): Promise<unknown> => {
    const { id } = await make('/price_plans', {
      name,
      pricePlanDetails: {
        supportedCurrencies: ['USD'],
        pricingCycleConfig: { interval: 'WEEKLY', startOffset: { dayOffset, monthOffset: 'NIL' }, gracePeriod: 2 },
        fixedFeeRateCards: [feeOf(fee, Number(textOf(FEE)), 'IN_ARREARS'), feeOf(platform, Number(textOf(IN_ADVANCE)), 'IN_ADVANCE')],
        usageRateCards: [
          {
            usageMeterId: meter,
            name: 'distance',
            ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] },
            rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: Number(UNIT) }] }],
          },
        ],
      },
    })
    await make(`/price_plans/${String(id)}/activate`, { currencies: ['USD'] })
    return id
  }
  await make('/test_clock', { now: iso(START) })
  await make('/event_schema', { name: 'trips', attributes: [{ name: 'distance' }], dimensions: [] })
  await make('/event_schema/trips/activate')
  const { id } = await make('/usage_meters', {
    name: 'distance',
    type: 'COUNTER',
    aggregation: 'SUM',
    eventSchemaName: 'trips',
    computations: [{ computation: '{"var":"attributes.distance"}', order: 1 }],
  })
  await make(`/usage_meters/${String(id)}/activate`)
  const parts = [
    id,
    (await make('/addons', { name: 'Fee', type: 'FIXED_FEE' }))['id'],
    (await make('/addons', { name: 'Platform', type: 'FIXED_FEE' }))['id'],
  ]
  const plans = [await makePlan('Mondays', '1', parts), await makePlan('Thursdays', '4', parts)]
  await make('/customers', { id: 'payers', name: 'Payers', primaryEmail: 'payers@example.com', address: {} })
  for (let n = 0; n < payers; n++) {
    await make('/accounts', { id: `${PAYER}${n}`, name: 'Payer', customerId: 'payers' })
    await make(`/accounts/${PAYER}${n}/price_plans`, {
      pricePlanId: plans[n % 2],
      effectiveFrom: iso(START).slice(0, 10),
      effectiveUntil: '9999-01-01',
    })
  }
}
