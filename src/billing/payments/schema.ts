import * as z from 'zod/mini'
import { described, identifier, int32, isObject, label, list, named, text } from '../../lib/fields.ts'
import { moneyAmount } from '../../lib/money.ts'
import { ledgerPage, ledgerPageQuery } from '../../lib/page.ts'
import { dateTime, instant } from '../../lib/time.ts'
import { LINE_TYPES, SOURCE_TYPES } from './table.ts'

/** The most parts that a payment can be spread over. */
const MOST_LINES = 50
const LONGEST_TEXT = 512

/** What is known of a payment where it was made. The name `__proto__` is refused, since an object would silently lose it. */
const metadata = () =>
  z.pipe(
    z.transform((value: unknown, { issues }) => {
      if (isObject(value) && Object.hasOwn(value, '__proto__'))
        issues.push({ code: 'custom', input: value, path: ['__proto__'], message: 'must have another name' })
      return value
    }),
    z.record(z.string(), z.unknown()),
  )

const ExternalPaymentReference = named(
  'ExternalPaymentReference',
  z.strictObject({
    sourceName: described('Where the payment was made, such as the name of a gateway.', label(1, 255)),
    sourceType: z.enum(SOURCE_TYPES),
    transactionNumber: described('The number of the payment there. With sourceName, it is taken once.', label(1, 255)),
    description: z.optional(text(LONGEST_TEXT)),
    metadata: z.optional(metadata()),
  }),
)

const PaymentLineItemRecord = named(
  'PaymentLineItemRecord',
  z.strictObject({
    type: described('What it pays: an INVOICE, a new CREDIT, or WALLET_CREDIT, which puts it into the wallet.', z.enum(LINE_TYPES)),
    togaiId: z.optional(described('The id of the invoice. In answers, also that of the credit or of the wallet.', identifier())),
    amount: z.optional(
      moneyAmount('If left out, it is what is open of the invoice, or what is left of the payment if that is less.', true),
    ),
    order: described('A payment is spread over its parts in this order.', int32(-(2 ** 31))),
  }),
)

export const CreatePaymentRequest = named(
  'CreatePaymentRequest',
  z.strictObject({
    accountId: described('The id of the account, or of the invoice group.', identifier()),
    externalPaymentReference: ExternalPaymentReference,
    lineItemRecords: list(PaymentLineItemRecord, 0, MOST_LINES),
    currency: described('The invoice currency of the account or the invoice group.', text(LONGEST_TEXT)),
    totalAmount: moneyAmount('What was paid, or given back if it is below 0.', true),
    description: z.optional(text(LONGEST_TEXT)),
    notes: z.optional(text(LONGEST_TEXT)),
  }),
)
export type CreatePaymentRequest = z.infer<typeof CreatePaymentRequest>

const ShownLine = named(
  'PaymentLineItemRecordShown',
  z.strictObject({
    type: z.enum(LINE_TYPES),
    togaiId: z.optional(described('The id of the invoice, the credit or the wallet.', z.string())),
    amount: z.optional(z.number()),
    order: z.int32(),
  }),
)

const ShownReference = named(
  'ExternalPaymentReferenceShown',
  z.strictObject({
    sourceName: z.string(),
    sourceType: z.enum(SOURCE_TYPES),
    transactionNumber: z.string(),
    description: z.optional(z.string()),
    metadata: z.optional(z.record(z.string(), z.unknown())),
  }),
)

export const Payment = named(
  'Payment',
  z.strictObject({
    id: z.string(),
    description: z.optional(z.string()),
    notes: z.optional(z.string()),
    accountId: described('The id of the account, or of the invoice group.', z.string()),
    externalPaymentReferences: ShownReference,
    lineItemRecords: described('What it paid. The amounts add up to totalAmount.', z.array(ShownLine)),
    totalAmount: z.number(),
    currency: z.string(),
    version: described('A payment never changes: it is 1.', z.number()),
    createdBy: described('The id of the token that recorded it.', z.string()),
    createdAt: dateTime(),
  }),
)
export type Payment = z.infer<typeof Payment>

export const ListPaymentResponse = named('ListPaymentResponse', ledgerPage(Payment))
export type ListPaymentResponse = z.infer<typeof ListPaymentResponse>

/** One instant, or a start and an end. */
const span = (description: string) =>
  z.pipe(
    z.string().register(z.globalRegistry, { description }),
    z.transform((value: string, { issues }): readonly [from: number, until: number] => {
      const [from, until, ...more] = value.split(',').map((part) => z.safeParse(instant(), part))
      if (from?.success && (until === undefined || until.success) && !more.length) return [from.data, until?.data ?? from.data + 1]
      issues.push({ code: 'custom', input: value, message: 'must be a date-time, or two with a comma between them' })
      return [0, 0]
    }),
  )

export const ListPaymentsQuery = ledgerPageQuery(
  {
    id: z.optional(described('Lists the payment with this id.', identifier())),
    account_id: z.optional(described('Lists the payments of one account or invoice group.', identifier())),
    invoice_id: z.optional(described('Lists the payments of one invoice, whole. An extension.', identifier())),
    created_at: z.optional(
      span('When the payments were recorded: one instant, or a start (inclusive) and an end (exclusive) separated by a comma.'),
    ),
  },
  false,
)
export type ListPaymentsQuery = z.infer<typeof ListPaymentsQuery>

export const PaymentPath = z.strictObject({ payment_id: identifier() })
