import * as z from 'zod/mini'
import { day } from '../../catalogue/schedules/schema.ts'
import { decimalFromNumber, formatDecimal } from '../../lib/decimal.ts'
import { described, distinct, identifier, label, list, named, set, text, whole } from '../../lib/fields.ts'
import { ledgerPage, ledgerPageQuery } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { CREDIT_STATUSES, TRANSACTION_TYPES } from './table.ts'

/** The most credits that are made at once, and the largest of them. */
const MOST_CREDITS = 100
const LARGEST = 10_000_000_000_000

/** The most items and families that a credit can be restricted to. */
const MOST_ITEMS = 1000

const creditAmount = () =>
  z.pipe(
    z.number().register(z.globalRegistry, {
      exclusiveMinimum: 0,
      maximum: LARGEST,
      description: "What the credit is worth, in the currency of the account's invoices and in whole minor units of it.",
    }),
    z.transform((number: number, { issues }): string => {
      const decimal = number > 0 && number <= LARGEST ? decimalFromNumber(number) : undefined
      if (decimal) return formatDecimal(decimal)
      issues.push({ code: 'custom', input: number, message: `must be a number above 0, and ${LARGEST} at most` })
      return '0'
    }),
  )

const CreditRequest = named(
  'CreditRequest',
  z.strictObject({
    accountId: described('The id of the account.', identifier()),
    purpose: described('What the credit is for. Invoices show it.', label(1, 255)),
    applicableEntityIds: z.optional(
      described(
        'The ids of the usage meters, add-ons and features whose charges the credit pays, ALL_USAGE_METER_RATE_CARDS or ALL_FIXED_FEE_RATE_CARDS. If it is left out or empty, it pays everything but what credits cost.',
        set(label(1, 50), MOST_ITEMS),
      ),
    ),
    effectiveFrom: day('The first day of the credit. It pays invoices whose period overlaps its days.'),
    effectiveUntil: z.optional(day('The day behind the last one of the credit. If it is left out, the credit does not end.')),
    creditAmount: z.optional(creditAmount()),
    priority: described('Credits with a lower priority are used first.', whole(0, 100, 'int32')),
    grantorId: z.optional(described('Your id of whoever gave the credit.', label(1, 50))),
    idempotencyKey: z.optional(
      described('Your key for this credit: a credit that is sent again with its key is made once. Keys do not expire.', label(1, 255)),
    ),
  }),
)
export type CreditRequest = z.infer<typeof CreditRequest>

export const CreateCreditRequest = named(
  'CreateCreditRequest',
  z.strictObject({
    creditRequests: list(CreditRequest, 1, MOST_CREDITS).check(
      distinct((request: CreditRequest | null) => request?.idempotencyKey, 'each credit has a key of its own'),
    ),
  }),
)
export type CreateCreditRequest = z.infer<typeof CreateCreditRequest>

const date = () => z.string().register(z.globalRegistry, { format: 'date' })

const CreditStatus = z.enum(CREDIT_STATUSES)

const fields = {
  accountId: z.string(),
  purpose: z.string(),
  applicableEntityIds: z.optional(z.array(z.string())),
  effectiveFrom: date(),
  effectiveUntil: z.optional(date()),
  creditAmount: z.optional(z.number()),
  priority: z.int(),
  grantorId: z.optional(described('Who gave the credit: the add-on of the rate card that granted it, if one did.', z.string())),
  idempotencyKey: z.optional(z.string()),
  id: z.string(),
  customerId: z.string(),
  status: CreditStatus,
  creditUnit: z.optional(described('The currency of the amounts.', z.string())),
  holdAmount: z.optional(described('What invoices would take of it that are DRAFTs still, as they are now.', z.number())),
  consumedAmount: z.optional(described('What invoices have taken of it that fell due.', z.number())),
  createdAt: dateTime(),
  updatedAt: z.optional(dateTime()),
}

export const Credit = named('Credit', z.strictObject(fields))
export type Credit = z.infer<typeof Credit>

export const CreateCreditResponse = named('CreateCreditResponse', z.strictObject({ credits: z.array(Credit) }))
export type CreateCreditResponse = z.infer<typeof CreateCreditResponse>

const CreditTransaction = named(
  'CreditTransaction',
  z.strictObject({
    id: z.string(),
    creditId: z.string(),
    transactionType: z.enum(TRANSACTION_TYPES),
    invoiceId: z.optional(described('The invoice that took the amount, or that gave it back when it was made void.', z.string())),
    entityId: z.optional(described('The line of the invoice that was paid, of a credit that pays some lines only.', z.string())),
    amount: z.number(),
    createdAt: dateTime(),
  }),
)
export type CreditTransaction = z.infer<typeof CreditTransaction>

export const CreditDetailsResponse = named(
  'CreditDetailsResponse',
  z.strictObject({
    ...fields,
    transactions: described('What went into the credit and out of it, the oldest first.', z.array(CreditTransaction)),
  }),
)
export type CreditDetailsResponse = z.infer<typeof CreditDetailsResponse>

export const ListCreditsResponse = named('ListCreditsResponse', ledgerPage(Credit))
export type ListCreditsResponse = z.infer<typeof ListCreditsResponse>

export const ListCreditsQuery = ledgerPageQuery(
  {
    status: z.optional(described('Lists the credits that have this status now.', CreditStatus)),
    account_id: z.optional(described('Lists the credits of one account.', identifier())),
    id: z.optional(described('Lists the credit with this id.', text(50))),
  },
  false,
)
export type ListCreditsQuery = z.infer<typeof ListCreditsQuery>

export const CreditPath = z.strictObject({ credit_id: identifier() })

export const CreditBalanceResponse = named(
  'CreditBalanceResponse',
  z.strictObject({
    activeCredits: described('The amounts of all credits that are ACTIVE and in force now.', z.number()),
    availableBalance: described('What is left of those after the invoices that fell due.', z.number()),
    runningBalance: described('What is left of those after DRAFTs too, as they are now.', z.number()),
    inapplicableCredits: described(
      'What is left of credits that are not in force yet, or that pay only for items that the price plan in force does not have.',
      z.number(),
    ),
    unit: described('The currency of the amounts.', z.string()),
    lastUpdatedAt: dateTime(),
  }),
)
export type CreditBalanceResponse = z.infer<typeof CreditBalanceResponse>
