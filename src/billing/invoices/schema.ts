import * as z from 'zod/mini'
import { BusinessDetails } from '../../customers/settings/schema.ts'
import { Address } from '../../lib/address.ts'
import { decimalFromNumber, formatDecimal } from '../../lib/decimal.ts'
import { described, identifier, label, named, text } from '../../lib/fields.ts'
import { ledgerPage, ledgerPageQuery } from '../../lib/page.ts'
import { severalOf } from '../../lib/several.ts'
import { dateTime, instant } from '../../lib/time.ts'
import { CLASSES, STATUSES, TYPES } from './table.ts'

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

/** The most lines that a person can write into an invoice. */
const MOST_LINES = 50

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
      return z.optional(z.array(InvoiceLineItem))
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

const InvoiceDetailsInvoiceGroup = named(
  'InvoiceDetailsInvoiceGroup',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    email: z.optional(z.string()),
    dailyInvoiceConsolidation: z.boolean(),
    invoiceCurrency: z.string(),
    address: Address,
  }),
)

const InvoiceDetails = named(
  'InvoiceDetails',
  z.strictObject({
    customer: z.optional(InvoiceDetailsCustomer),
    account: z.optional(InvoiceDetailsAccount),
    pricePlanName: z.optional(z.string()),
    invoiceGroup: z.optional(InvoiceDetailsInvoiceGroup),
    organization: z.optional(described('Who sends the invoice, if the setting business_details says so.', BusinessDetails)),
  }),
  'Whom the invoice is about: as it is now while the invoice is a DRAFT, and then as it was when it fell due.',
)

export const InvoicesStatus = named('InvoicesStatus', z.enum(STATUSES))
const InvoicesClass = named('InvoicesClass', z.enum(CLASSES))
export const InvoicesType = named('InvoicesType', z.enum(TYPES))
const InvoiceInfoInner = named('InvoiceInfoInner', z.strictObject({ type: z.string(), value: z.string() }))

const summary = {
  id: z.string(),
  customerId: z.optional(z.string()),
  ownerId: z.optional(described('The id of the account or of the invoice group.', z.string())),
  pricePlanId: z.optional(z.string()),
  status: InvoicesStatus,
  finalizingStatus: z.optional(z.enum(['FINALIZING', 'FINALIZED'])),
  invoiceClass: InvoicesClass,
  invoiceType: InvoicesType,
  startDate: z.optional(described('The first instant of the period.', dateTime())),
  endDate: z.optional(described('The first instant after the period.', dateTime())),
  endDateInclusive: z.optional(dateTime()),
  invoiceDate: described(
    'When the invoice falls due, or fell due. Of a CUSTOM invoice it is the endDate, whenever it was made.',
    dateTime(),
  ),
  dueDate: z.optional(described('Until when it is to be paid: netTermDays after invoiceDate.', dateTime())),
  generatedAt: z.optional(described('When it fell due and was frozen.', dateTime())),
  updatedAt: dateTime(),
  sequenceId: z.optional(described('The number of the invoice. A DRAFT has none.', z.string())),
  pdfUrl: z.optional(
    described('A link to the invoice as PDF, from when it falls due: it needs no token, and works for a week.', z.string()),
  ),
  totalAmount: z.number(),
  paidAmount: z.number(),
  invoiceDetails: z.optional(InvoiceDetails),
  netTermDays: described('How many days after invoiceDate it is to be paid.', z.int32()),
}

export const Invoice = named(
  'Invoice',
  z.strictObject({
    ...summary,
    usageInfo: z.optional(described('The units of each usage meter that is priced.', z.array(InvoiceLineItem))),
    revenueInfo: z.optional(InvoiceLineItem),
    autoAdvance: z.optional(described('Whether a DRAFT falls due by itself.', z.boolean())),
    metadata: z.optional(z.record(z.string(), z.unknown())),
    info: z.optional(z.array(InvoiceInfoInner)),
  }),
)
export type Invoice = z.infer<typeof Invoice>

const InvoiceSummary = named('InvoiceSummary', z.strictObject(summary))
export type InvoiceSummary = z.infer<typeof InvoiceSummary>

export const ListInvoicesResponse = named('ListInvoicesResponse', ledgerPage(InvoiceSummary))
export type ListInvoicesResponse = z.infer<typeof ListInvoicesResponse>

/** No number of a line is larger. */
const LARGEST = 1e13

/** A number as a decimal text. */
const amount = (description: string) =>
  z.pipe(
    z.number().register(z.globalRegistry, { minimum: -LARGEST, maximum: LARGEST, description }),
    z.transform((number: number, { issues }) => {
      const decimal = Math.abs(number) <= LARGEST ? decimalFromNumber(number) : undefined
      if (decimal) return formatDecimal(decimal)
      issues.push({ code: 'custom', input: number, message: `must be a number from -${LARGEST} to ${LARGEST}` })
      return '0'
    }),
  )

const CustomInvoiceLineItem = named(
  'CustomInvoiceLineItem',
  z.strictObject({
    id: z.optional(described('Your own id of the line.', label(1, 50))),
    description: z.optional(text(500)),
    valuePerQuantity: z.optional(amount('The price of one unit.')),
    quantity: z.optional(amount('The number of units.')),
    value: z.optional(amount('What the line comes to, instead of quantity and valuePerQuantity or equal to their product.')),
    billableId: z.optional(described('What the line is charged for, such as an add-on.', identifier())),
  }),
)

const lineItems = () => z.array(CustomInvoiceLineItem).check(z.minLength(1), z.maxLength(MOST_LINES))

export const CreateCustomInvoiceRequest = named(
  'CreateCustomInvoiceRequest',
  z.strictObject({
    accountId: described('The id of the account, or of the invoice group if ownerType says so.', identifier()),
    ownerType: z.optional(z.enum(['ACCOUNT', 'INVOICE_GROUP'])),
    startDate: described('The first instant of the period.', instant()),
    endDate: described('The first instant after the period.', instant()),
    idempotencyKey: z.optional(
      described('Your key for this invoice: with the same key, the same invoice is made once, however often it is sent.', label(1, 255)),
    ),
    status: described('A DRAFT can be changed. DUE and PAID must have ended.', z.enum(['DRAFT', 'DUE', 'PAID'])),
    lineItems: lineItems(),
    autoAdvance: z.optional(described('Whether a DRAFT falls due at its endDate: by default false.', z.boolean())),
    applyCredits: z.optional(described('Whether credits of the account come off: by default true.', z.boolean())),
    applyWalletBalance: z.optional(described('Whether it is paid from the wallet of the account: by default true.', z.boolean())),
  }),
)
export type CreateCustomInvoiceRequest = z.infer<typeof CreateCustomInvoiceRequest>

export const UpdateInvoiceRequest = named(
  'UpdateInvoiceRequest',
  z.strictObject({
    startDate: z.optional(instant()),
    endDate: z.optional(instant()),
    status: z.optional(z.enum(['DUE', 'PAID', 'VOID', 'UN_COLLECTIBLE', 'REFUND_INITIATED'])),
    lineItems: z.optional(lineItems()),
    autoAdvance: z.optional(z.boolean()),
  }),
)
export type UpdateInvoiceRequest = z.infer<typeof UpdateInvoiceRequest>

const LONGEST_RULE = 10_000
const MOST_CHARGES = 50

const MiscellaneousCharge = named(
  'MiscellaneousCharge',
  z.strictObject({
    name: described('What the line is called. Each charge of an invoice has another name.', label(1, 255)),
    rate: z.optional(amount('The price of one unit.')),
    quantity: z.optional(amount('The number of units.')),
    value: z.optional(
      described(
        'Instead of rate and quantity: a number as text, or JSON Logic over the lines of the invoice by their ids, such as {"*":[{"var":"GROSS_AMOUNT"},0.1]}.',
        text(LONGEST_RULE),
      ),
    ),
    considerForRevenue: z._default(described('Whether it counts as revenue.', z.boolean()), false),
  }),
)

export const ManageMiscellaneousChargesRequest = named(
  'ManageMiscellaneousChargesRequest',
  z.strictObject({ items: z.array(MiscellaneousCharge).check(z.maxLength(MOST_CHARGES)) }),
)
export type ManageMiscellaneousChargesRequest = z.infer<typeof ManageMiscellaneousChargesRequest>

const ShownCharge = named(
  'MiscellaneousChargeShown',
  z.strictObject({
    name: z.string(),
    rate: z.optional(z.number()),
    quantity: z.optional(z.number()),
    value: z.optional(described('rate times quantity, or the value as it was sent.', z.string())),
    considerForRevenue: z.optional(z.boolean()),
  }),
)

export const MiscellaneousChargesResponse = named('MiscellaneousChargesResponse', z.strictObject({ data: z.array(ShownCharge) }))
export type MiscellaneousChargesResponse = z.infer<typeof MiscellaneousChargesResponse>

/** An instant in milliseconds since 1970 in a query, as text. */
const milliseconds = (description: string) =>
  z.optional(
    z
      .string()
      .check(z.regex(/^\d{1,15}$/, { error: 'must be a whole number of milliseconds since 1970' }))
      .register(z.globalRegistry, {
        type: 'integer',
        format: 'int64',
        minimum: 0,
        description,
      }),
  )

const invoiceFilters = {
  status: z.optional(described('Lists the invoices of one status. By default all are listed.', z.enum(STATUSES))),
  owner_id: z.optional(described('Lists the invoices of one account or invoice group.', identifier())),
  customer_id: z.optional(described('Lists the invoices of one customer.', identifier())),
  start_time: milliseconds('The start of the time range in which invoiceDate is (inclusive), in milliseconds since 1970.'),
  end_time: milliseconds('The end of this range (exclusive).'),
}

export const ListInvoicesQuery = ledgerPageQuery({
  ...invoiceFilters,
  status: z.optional(
    severalOf(STATUSES, 'Lists the invoices of one status, or of several, with commas between them. By default all are listed.'),
  ),
  due_start_time: milliseconds(
    'The start of the time range in which dueDate is (inclusive), in milliseconds since 1970. An extension: DRAFTs, whose dueDate can change, are then left out.',
  ),
  due_end_time: milliseconds(
    'The end of this range (exclusive). With status=DUE,PARTIALLY_PAID and the present, it lists what is overdue.',
  ),
})
export type ListInvoicesQuery = z.infer<typeof ListInvoicesQuery>

export const ListBillRunQuery = ledgerPageQuery(invoiceFilters, false)
export type ListBillRunQuery = z.infer<typeof ListBillRunQuery>

export const CreateBillRunQuery = z.strictObject({
  ...invoiceFilters,
  require_confirmation: z.optional(
    described(
      'Whether the job waits until it is confirmed.',
      z.enum(['true', 'false']).register(z.globalRegistry, { type: 'boolean', default: false }),
    ),
  ),
})
export type CreateBillRunQuery = z.infer<typeof CreateBillRunQuery>

const PricingRuleChangesLog = named(
  'PricingRuleChangesLog',
  z.strictObject({
    key: described('The card that the rule changes, such as urc.<id of a usage meter>, or the id of the line that it adds.', z.string()),
    keyName: z.optional(described('The name of the card, or the description of the line.', z.string())),
    oldRevenue: described('What it came to before the rule: 0 for a line that is added.', z.number()),
    newRevenue: z.number(),
    oldUsage: z.optional(z.number()),
    newUsage: z.optional(z.number()),
    errorMessage: z.optional(described('Why the rule has changed nothing.', z.string())),
  }),
)

const PricingRuleInfo = named(
  'PricingRuleInfo',
  z.strictObject({
    id: z.string(),
    name: z.optional(z.string()),
    condition: z.optional(z.string()),
    computation: z.optional(z.string()),
  }),
)

const PricingRulesValues = named(
  'PricingRulesValues',
  z.strictObject({
    name: z.optional(z.string()),
    value: z.optional(described('Left out if the invoice has no such variable.', z.string())),
  }),
)

const PricingRulesLog = named(
  'PricingRulesLog',
  z.strictObject({
    id: z.string(),
    type: described(
      'Whether its condition held, or what could not be reckoned.',
      z.enum(['CONDITION_TRUE', 'CONDITION_FALSE', 'CONDITION_ERROR', 'COMPUTATION_ERROR']),
    ),
    order: z.int32(),
    changes: PricingRuleChangesLog,
    rule: PricingRuleInfo,
    variablesValue: described(
      'What the rule has read, as rules before it had left that, by the names of variables.',
      z.nullable(z.record(z.string(), PricingRulesValues)),
    ),
  }),
)
export type PricingRulesLog = z.infer<typeof PricingRulesLog>

export const PricingRulesLogsPaginatedResponse = named(
  'PricingRulesLogsPaginatedResponse',
  z.strictObject({ data: z.array(PricingRulesLog) }),
)
export type PricingRulesLogsPaginatedResponse = z.infer<typeof PricingRulesLogsPaginatedResponse>

export const InvoicePath = z.strictObject({ invoice_id: identifier() })

export const InvoicePreview = named(
  'InvoicePreview',
  z.strictObject({
    customerId: z.string(),
    ownerId: described('The id of the account.', z.string()),
    pricePlanId: z.string(),
    invoiceType: described(
      'STANDARD is billed after the cycle, STANDARD_ADVANCED when it begins, and AD_HOC is the order of what is paid before it is granted.',
      z.enum(TYPES),
    ),
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
    invoiceDetails: InvoiceDetails,
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
