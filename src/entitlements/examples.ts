import { accountId, featureId, organizationId, scheduleId, sourcePricePlanId } from '../lib/examples.ts'

/** What an account needs before it can use up a feature: a schema that feeds the feature, and a plan that grants credits of it. */
export const entitledSteps = [
  'createCustomer',
  { operation: 'createEventSchema', request: { name: 'api_call', attributes: [{ name: 'calls' }], dimensions: [] }, answer: {} },
  { operation: 'activateEventSchema', path: { event_schema_name: 'api_call' }, answer: {} },
  {
    operation: 'createFeature',
    request: { name: 'API calls', schemaAssociations: [{ schemaName: 'api_call', attributeName: 'calls' }] },
    answer: { id: featureId },
  },
  {
    operation: 'insertSetting',
    request: {
      entityType: 'ORGANIZATION',
      entityId: organizationId,
      id: 'auto_advance_invoice',
      value: 'false',
      namespace: 'SYSTEM',
      name: 'Invoices fall due by themselves',
      dataType: 'STRING',
    },
    answer: {},
  },
  {
    operation: 'createPricePlan',
    request: {
      name: 'Calls by the month',
      pricePlanDetails: {
        supportedCurrencies: ['USD'],
        pricingCycleConfig: { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 1 },
        billingEntitlementRateCards: [
          {
            featureId,
            name: 'calls',
            featureConfigs: [
              { effectiveUntil: 'P1M', featureCreditLimit: 1000 },
              { effectiveFrom: 'P1M', effectiveUntil: 'P2M', featureCreditLimit: 500 },
            ],
            invoiceTiming: 'IN_ARREARS',
            ratePlan: { pricingModel: 'TIERED', slabs: [{ order: 1, startAfter: 0, priceType: 'FLAT' }] },
            rateValues: [{ currency: 'USD', slabRates: [{ order: 1, rate: 20 }] }],
          },
        ],
      },
    },
    answer: { id: sourcePricePlanId },
  },
  {
    operation: 'activatePricePlan',
    path: { price_plan_id: sourcePricePlanId },
    request: { currencies: ['USD'] },
    answer: {},
  },
  {
    operation: 'updatePricingSchedule',
    path: { account_id: accountId },
    request: { mode: 'ASSOCIATE', pricePlanId: sourcePricePlanId, effectiveFrom: '2026-03-30', effectiveUntil: '9999-01-01' },
    answer: { pricingSchedules: [{ id: scheduleId }] },
    other: { request: { mode: 'DISASSOCIATE', effectiveFrom: '2026-06-01', effectiveUntil: '9999-01-01' } },
  },
]
