import { accountId, address, customerId, sourcePricePlanId, usageMeterId } from '../../lib/examples.ts'

const money = { units: 'USD' }
const parent = (type: string, description: string, lineItems: readonly object[], id = type) => ({
  id,
  description,
  type,
  ...money,
  value: 0,
  lineItems,
})

const card = {
  id: usageMeterId,
  description: 'Delivered gigabytes',
  type: 'USAGE_RATE_CARD_AMOUNT',
  ...money,
  quantity: 0,
  valuePerQuantity: 0.15,
  value: 0,
  metadata: { rateCardName: 'gigabytes' },
  lineItems: [
    {
      description: 'Slab 1',
      type: 'USAGE_RATE_CARD_SLAB_AMOUNT',
      ...money,
      quantity: 0,
      valuePerQuantity: 0.15,
      value: 0,
      metadata: { order: 1, priceType: 'PER_UNIT', startAfter: 0 },
    },
  ],
}

const tree = parent('GRAND_TOTAL_AMOUNT', 'Grand Total Amount', [
  parent('TOTAL_AMOUNT', 'Total Amount', [
    parent('NET_AMOUNT', 'Net Amount', [
      parent('GROSS_AMOUNT', 'Gross Amount', [parent('PRICE_PLAN_AMOUNT', 'Hosting', [parent('SUB_TOTAL_AMOUNT', 'Sub Total', [card])])]),
    ]),
  ]),
])

export const previewInvoices = {
  summary: 'Preview the invoices of a cycle',
  description:
    'Reckons what the invoices of the pricing cycle that holds an instant would be if nothing came any more: the one that is billed after the cycle, and the one that is billed when it begins if the price plan has cards that are paid in advance. The cycle can have ended, be the present one, or be one to come. Each line is the sum of its lineItems, cut to the minor unit of the currency where it has none; where more than 50 stand under one, the last of them holds the rest. Credits, miscellaneous charges and licences that are added within a cycle and paid in advance are not in it. Nothing is stored.',
  refuses: { 404: 'No account of the organization has this id, or it has no price plan at this time.' },
  example: {
    after: [
      'createCustomer',
      'createEventSchema',
      'createUsageMeter',
      'activateEventSchema',
      'activateUsageMeter',
      'createPricePlan',
      'activatePricePlan',
      'updatePricingSchedule',
    ],
    path: { account_id: accountId },
    query: { at: '2026-04-15T00:00:00Z' },
    answer: {
      data: [
        {
          customerId,
          ownerId: accountId,
          pricePlanId: sourcePricePlanId,
          invoiceType: 'STANDARD',
          startDate: '2026-04-01T00:00:00.000Z',
          endDate: '2026-05-01T00:00:00.000Z',
          endDateInclusive: '2026-04-30T23:59:59.999Z',
          invoiceDate: '2026-05-02T00:00:00.000Z',
          dueDate: '2026-05-02T00:00:00.000Z',
          netTermDays: 0,
          totalAmount: 0,
          invoiceDetails: {
            customer: {
              name: 'ACME Enterprise',
              primaryEmail: 'admin@example.com',
              billingAddress: '2281 Broadway Street, G-31, 29501, Florence, South Carolina, US',
              address,
            },
            account: { name: 'Primary Account', invoiceCurrency: 'USD', address, primaryEmail: 'admin@example.com' },
            pricePlanName: 'Hosting',
          },
          usageInfo: [{ id: usageMeterId, description: 'Delivered gigabytes', type: 'USAGE_METER_USAGE', units: 'USAGE_UNITS', value: 0 }],
          revenueInfo: tree,
        },
      ],
    },
  },
}
