import * as z from 'zod/mini'
import { described, named } from '../../lib/fields.ts'
import { moneyAmount } from '../../lib/money.ts'
import { ledgerPage, ledgerPageQuery } from '../../lib/page.ts'
import { dateTime, instant } from '../../lib/time.ts'
import { WALLET_STATUSES } from './table.ts'

const WalletStatus = named('WalletStatus', z.enum(WALLET_STATUSES))

export const WalletBalanceResponse = named(
  'WalletBalanceResponse',
  z.strictObject({
    id: z.string(),
    accountId: z.string(),
    customerId: z.string(),
    balance: described('What came in minus what went out. It is never below 0.', z.number()),
    creditUnit: described('The invoice currency of the account.', z.string()),
    externalId: z.optional(z.string()),
    status: described('Invoices that fall due are paid from an ACTIVE wallet only.', WalletStatus),
    holdAmount: z.optional(described('Nothing is held: it is 0.', z.number())),
    effectiveFrom: described(
      'Invoices with an earlier invoiceDate are not paid from it, once it has been set. Until then it is when the account was created, and all are.',
      dateTime(),
    ),
    createdAt: z.optional(dateTime()),
    updatedAt: z.optional(dateTime()),
    metadata: z.optional(z.record(z.string(), z.unknown())),
  }),
)
export type WalletBalanceResponse = z.infer<typeof WalletBalanceResponse>

export const UpdateWalletRequest = named(
  'UpdateWalletRequest',
  z.strictObject({ effectiveFrom: z.optional(instant()), status: z.optional(WalletStatus) }),
)
export type UpdateWalletRequest = z.infer<typeof UpdateWalletRequest>

export const TopupWalletRequest = named(
  'TopupWalletRequest',
  z.strictObject({ topupAmount: moneyAmount('What comes in, in the invoice currency of the account.') }),
)
export type TopupWalletRequest = z.infer<typeof TopupWalletRequest>

const WalletEntry = named(
  'WalletEntry',
  z.strictObject({
    id: z.string(),
    description: z.optional(z.string()),
    walletId: z.string(),
    transactionType: z.enum(['CREDITED', 'DEBITED']),
    status: described('An entry is made when it is COMPLETED.', z.enum(['COMPLETED', 'ON_HOLD'])),
    entityId: z.optional(
      described('The id of the invoice that it paid or came back from, or of the payment or the purchase that it came from.', z.string()),
    ),
    amount: described('What came in or went out, above 0.', z.number()),
    createdAt: dateTime(),
    closingBalance: described('The balance after it.', z.number()),
  }),
)
export type WalletEntry = z.infer<typeof WalletEntry>

export const WalletEntriesPaginatedResponse = named('WalletEntriesPaginatedResponse', ledgerPage(WalletEntry))
export type WalletEntriesPaginatedResponse = z.infer<typeof WalletEntriesPaginatedResponse>

export const ListWalletEntriesQuery = ledgerPageQuery({}, false)
export type ListWalletEntriesQuery = z.infer<typeof ListWalletEntriesQuery>
