import * as z from 'zod/mini'
import { Address } from '../../lib/address.ts'
import { described, named } from '../../lib/fields.ts'
import { dateTime, instant } from '../../lib/time.ts'

export const INVOICE_TYPES = ['STANDARD', 'AD_HOC', 'CUSTOM', 'COMPOSITE', 'STANDARD_ADVANCED', 'ADHOC_ADVANCED'] as const

const LINE_TYPES = [
  'TOTAL_USAGE',
  'USAGE_METER_USAGE',
  'GRAND_TOTAL_AMOUNT',
  'TOTAL_AMOUNT',
  'NET_AMOUNT',
  'GROSS_AMOUNT',
  'SUB_TOTAL_AMOUNT',
  'PRICE_PLAN_AMOUNT',
  'FIXED_FEE_RATE_CARD_AMOUNT',
  'CREDIT_GRANT_RATE_CARD_AMOUNT',
  'BILLING_ENTITLEMENT_RATE_CARD_AMOUNT',
  'ENTITLEMENT_OVERAGE_RATE_CARD_AMOUNT',
  'ENTITLEMENT_OVERAGE_RATE_CARD_SLAB_AMOUNT',
  'LICENSE_RATE_CARD_AMOUNT',
  'USAGE_CYCLE_AMOUNT',
  'LICENSE_RATE_CARD_SLAB_AMOUNT',
  'USAGE_RATE_CARD_AMOUNT',
  'USAGE_RATE_CARD_SLAB_AMOUNT',
  'TOTAL_CREDITS',
  'SUB_CREDITS',
  'TOTAL_ADVANCED_FEES',
  'ADVANCED_FIXED_FEE',
  'ADVANCED_LICENSE_RATE_CARD_AMOUNT',
  'ADVANCED_BILLING_ENTITLEMENT_RATE_CARD_AMOUNT',
  'ADVANCED_CREDIT_GRANT_RATE_CARD_AMOUNT',
  'TOTAL_MISCELLANEOUS_CHARGES',
  'MISCELLANEOUS_CHARGE',
  'TRUE_UP_AMOUNT',
  'TOTAL_PURCHASE_AMOUNT',
  'CUSTOM_AMOUNT',
  'CUSTOM_TAG',
  'TOTAL_PRICING_RULE_ADDITION_AMOUNT',
  'PRICING_RULE_ADDITION_AMOUNT',
  'PRICING_RULE_REVENUE_UPDATE_AMOUNT',
  'PRICING_RULE_USAGE_UPDATE_AMOUNT',
  'RATE_CONFIG_ADJUSTMENT_AMOUNT',
  'TOTAL_TAX_AMOUNT',
  'TAX_AMOUNT',
  'PROXY_AMOUNT',
] as const

/** The most lines that the contract lets stand under one. */
export const MOST_LINES = 50

/** A line of an invoice as it is shown. */
export interface InvoiceLineItem {
  id?: string | undefined
  description: string
  type: (typeof LINE_TYPES)[number]
  valuePerQuantity?: number | undefined
  quantity?: number | undefined
  units?: string | undefined
  value: number
  metadata?: Record<string, unknown> | undefined
  lineItems?: InvoiceLineItem[] | undefined
}

export const InvoiceLineItem: z.ZodMiniType<InvoiceLineItem> = named(
  'InvoiceLineItem',
  z.strictObject({
    id: z.optional(z.string()),
    description: z.string(),
    type: z.enum(LINE_TYPES),
    valuePerQuantity: z.optional(z.number()),
    quantity: z.optional(z.number()),
    units: z.optional(described('The currency of the value, or USAGE_UNITS.', z.string())),
    value: described('What the line comes to: the sum of its lineItems, if it has any.', z.number()),
    metadata: z.optional(z.record(z.string(), z.unknown())),
    get lineItems() {
      return z.optional(z.array(InvoiceLineItem).check(z.maxLength(MOST_LINES)))
    },
  }),
)

const InvoiceDetailsCustomer = named(
  'InvoiceDetailsCustomer',
  z.strictObject({
    name: z.string(),
    primaryEmail: z.string(),
    billingAddress: z.optional(z.string()),
    address: z.optional(Address),
  }),
)

const InvoiceDetailsAccount = named(
  'InvoiceDetailsAccount',
  z.strictObject({ name: z.string(), invoiceCurrency: z.string(), address: Address, primaryEmail: z.string() }),
)

export const InvoicePreview = named(
  'InvoicePreview',
  z.strictObject({
    customerId: z.string(),
    ownerId: described('The id of the account.', z.string()),
    pricePlanId: z.string(),
    invoiceType: described('STANDARD is billed after the cycle, and STANDARD_ADVANCED when it begins.', z.enum(INVOICE_TYPES)),
    startDate: described('The first instant of the cycle.', dateTime()),
    endDate: described('The first instant after the cycle.', dateTime()),
    endDateInclusive: dateTime(),
    invoiceDate: described(
      'When the invoice falls due: at the end of the grace period, or, in advance, when the cycle begins.',
      dateTime(),
    ),
    dueDate: described('When it is to be paid: netTermDays after invoiceDate.', dateTime()),
    netTermDays: z.int32(),
    totalAmount: z.number(),
    invoiceDetails: z.strictObject({
      customer: InvoiceDetailsCustomer,
      account: InvoiceDetailsAccount,
      pricePlanName: z.string(),
    }),
    usageInfo: described('The units of each usage meter that is priced.', z.array(InvoiceLineItem)),
    revenueInfo: InvoiceLineItem,
  }),
)
export type InvoicePreview = z.infer<typeof InvoicePreview>

export const InvoicePreviewResponse = named('InvoicePreviewResponse', z.strictObject({ data: z.array(InvoicePreview) }))
export type InvoicePreviewResponse = z.infer<typeof InvoicePreviewResponse>

export const PreviewQuery = z.strictObject({
  at: z.optional(described('An instant of the cycle that is meant: by default now.', instant())),
})
export type PreviewQuery = z.infer<typeof PreviewQuery>
