import type { Send } from './torture_requests.ts'
import { openSetup } from './torture_setup.ts'
import { GRANTED } from './torture_takes.ts'
import { textOf } from './torture_values.ts'

/** A card of one price for each unit. */
const priced = { ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'PER_UNIT' }] } }
const priceOf = (rate: number) => ({ ...priced, rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate }] }] })

/** Creates the schema, the meter, the feature, the customer of the accounts and the plan that grants credits. Gives the id of the plan. */
export const makeFeatureCatalogue = async (send: Send): Promise<string> => {
  const make = openSetup(send, 'features')
  await make('/event_schema', { name: 'calls', attributes: [{ name: 'units' }], dimensions: [{ name: 'plan' }] })
  const { id: meter } = await make('/usage_meters', {
    name: 'units',
    type: 'COUNTER',
    aggregation: 'SUM',
    eventSchemaName: 'calls',
    computations: [{ matcher: '{"==":[{"var":"dimensions.plan"},"paid"]}', computation: '{"var":"attributes.units"}', order: 1 }],
  })
  await make('/event_schema/calls/activate')
  await make(`/usage_meters/${String(meter)}/activate`)
  const { id: featureId } = await make('/features', {
    name: 'Calls',
    schemaAssociations: [{ schemaName: 'calls', attributeName: 'units' }],
  })
  const granted = GRANTED.map(([source, hundredths]) => ({ source, units: Number(textOf(hundredths)) }))
  const windows = granted.filter(({ source }) => source === 'PRICE_PLAN')
  const { id } = await make('/price_plans', {
    name: 'Calls',
    pricePlanDetails: {
      supportedCurrencies: ['USD'],
      pricingCycleConfig: { interval: 'MONTHLY', anniversaryCycle: true, gracePeriod: 2 },
      billingEntitlementRateCards: [
        {
          featureId,
          featureConfigs: windows.map(({ units }, at) => ({ effectiveUntil: `P${at + 1}M`, featureCreditLimit: units })),
          invoiceTiming: 'IN_ARREARS',
          ...priceOf(0),
        },
      ],
      entitlementOverageRateCards: [{ featureId, maxQuantity: granted.find(({ source }) => source === 'OVERAGE')?.units, ...priceOf(1) }],
    },
  })
  await make(`/price_plans/${String(id)}/activate`, { currencies: ['USD'] })
  await make('/customers', { id: 'users', name: 'Users', primaryEmail: 'users@example.com', address: {} })
  return String(id)
}
