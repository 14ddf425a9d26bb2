import { START } from './torture_invoices.ts'
import { BUYER, BUYERS } from './torture_money_model.ts'
import type { Send } from './torture_requests.ts'
import { openSetup } from './torture_setup.ts'
import { iso } from './torture_values.ts'

/** What buyers are charged: the meter, and by the ids of the plans what a unit costs. */
export interface MoneyCatalogue {
  meter: string
  license: string
  prices: ReadonlyMap<string, bigint>
}

const slabs = { ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] } }
const pricedAt = (rate: number) => ({ ...slabs, rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate }] }] })

/** A fee that is prorated, and charged in advance or at the end. */
const feeOf = (id: unknown, rate: number, invoiceTiming: string) => ({
  id,
  name: `fee ${String(id)}`,
  enableProration: true,
  invoiceTiming,
  rateValues: [{ currency: 'USD', rate }],
})

/** Makes the plans of the buyers, which differ in all prices and in how they give licences back, and the buyers. */
export const makeMoneyCatalogue = async (send: Send): Promise<MoneyCatalogue> => {
  const make = openSetup(send, 'money')
  const meters = await send({ method: 'GET', path: '/usage_meters?pageSize=20' })
  const [{ id: meter } = { id: '' }] = (meters?.body['data'] ?? []) as { id: string }[]
  const addOn = async (name: string, type: string): Promise<unknown> => (await make('/addons', { name, type }))['id']
  const [late, early, license] = [await addOn('Support', 'FIXED_FEE'), await addOn('Base', 'FIXED_FEE'), await addOn('Seats', 'LICENSE')]
  const makePlan = async (name: string, price: number, proratedRefundMode: string): Promise<[string, bigint]> => {
    const licenses = { id: license, name: 'seats', enableProration: true, invoiceTiming: 'IN_ADVANCE', proratedRefundMode }
    const { id } = await make('/price_plans', {
      name,
      pricePlanDetails: {
        supportedCurrencies: ['USD'],
        pricingCycleConfig: { interval: 'WEEKLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 2 },
        fixedFeeRateCards: [feeOf(late, 10 * price, 'IN_ARREARS'), feeOf(early, 7 * price, 'IN_ADVANCE')],
        licenseRateCards: [{ ...licenses, ...pricedAt(5 * price) }],
        usageRateCards: [{ usageMeterId: meter, name: 'distance', ...pricedAt(price) }],
      },
    })
    await make(`/price_plans/${String(id)}/activate`, { currencies: ['USD'] })
    return [String(id), BigInt(price)]
  }
  const prices = new Map([await makePlan('Small', 1, 'CREDITS'), await makePlan('Large', 3, 'WALLET'), await makePlan('Plain', 2, 'NONE')])
  await make('/customers', { id: 'buyers', name: 'Buyers', primaryEmail: 'buyers@example.com', address: {} })
  for (let n = 0; n < BUYERS; n++) {
    await make('/accounts', { id: `${BUYER}${n}`, name: 'Buyer', customerId: 'buyers' })
    const pricePlanId = [...prices.keys()][n % prices.size]
    await make(`/accounts/${BUYER}${n}/price_plans`, {
      pricePlanId,
      effectiveFrom: iso(START).slice(0, 10),
      effectiveUntil: '9999-01-01',
    })
  }
  return { meter, license: String(license), prices }
}
