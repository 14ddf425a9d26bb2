import * as z from 'zod/mini'
import { CreatePricePlanDetailsOverride, PricePlanDetails } from '../../catalogue/price_plans/schema.ts'
import {
  BillingEntitlementRateCard,
  CreditGrantRateCard,
  FixedFeeRateCard,
  MOST_CARDS as MOST_CARDS_OF_PLAN,
} from '../../catalogue/rate_cards/schema.ts'
import { PricePlanDetailsOverride, day } from '../../catalogue/schedules/schema.ts'
import { described, identifier, int32, label, list, named, numberMap } from '../../lib/fields.ts'
import { moneyAmount } from '../../lib/money.ts'
import { pageQuery, paginated } from '../../lib/page.ts'
import { dateTime, instant } from '../../lib/time.ts'

export const PURCHASE_TYPES = ['ENTITLEMENT_GRANT', 'ASSOCIATION', 'WALLET_TOPUP', 'PREPAID'] as const
export const PURCHASE_STATUSES = ['PENDING', 'IN_PROGRESS', 'SUCCESS', 'FAILURE'] as const
export const PROPOSAL_STATUSES = ['PROPOSAL_ACTIVE', 'PROPOSAL_APPROVED', 'PROPOSAL_DECLINED', 'PROPOSAL_EXPIRED'] as const
export const PAYMENT_MODES = ['PREPAID', 'POSTPAID'] as const

/** The most cards of a family that take the place of those of a plan that is bought. */
const MOST_CARDS = 50

export const PurchaseType = named(
  'PurchaseType',
  z.enum(PURCHASE_TYPES),
  'ENTITLEMENT_GRANT buys a price plan of type PURCHASE, ASSOCIATION puts one of type BILLING in force, WALLET_TOPUP puts money into the wallet, and PREPAID buys the rate cards of a price plan that are paid before they are granted.',
)

export const PurchaseStatus = named('PurchaseStatus', z.enum([...PURCHASE_STATUSES, ...PROPOSAL_STATUSES]))

const PurchasePlanOverride = named(
  'PurchasePlanOverride',
  z.strictObject({
    fixedFeeRateCards: z.optional(list(FixedFeeRateCard, 0, MOST_CARDS)),
    billingEntitlementRateCards: z.optional(list(BillingEntitlementRateCard, 0, MOST_CARDS)),
    creditGrantRateCards: z.optional(list(CreditGrantRateCard, 0, MOST_CARDS)),
  }),
  'A list of rate cards that is sent replaces that of the price plan. What is left out stays.',
)

const RequestedTopup = named(
  'RequestedWalletTopupDetails',
  z.strictObject({
    topupAmount: moneyAmount('What comes into the wallet.'),
    purchaseAmount: z.optional(moneyAmount('What that costs: by default topupAmount.')),
  }),
)

export const WalletTopupDetails = named(
  'WalletTopupDetails',
  z.strictObject({ topupAmount: z.number(), purchaseAmount: z.optional(z.number()) }),
)

const requested = {
  pricePlanId: z.optional(described('The price plan. Required for all types but WALLET_TOPUP.', label(1, 50))),
  quantity: z.optional(described('How often the price plan is bought: once when left out.', int32(1))),
  rateCardQuantities: z.optional(
    described(
      'How often single rate cards are bought instead, by the ids of what they price. Fractions are allowed.',
      numberMap(MOST_CARDS_OF_PLAN),
    ),
  ),
  idempotencyKey: z.optional(
    described(
      'Your key for this request: one that is sent again with its key for the same account is answered with what was made. Keys do not expire.',
      label(1, 255),
    ),
  ),
  purchasePlanOverride: z.optional(
    described('Rate cards instead of those of the price plan, for ENTITLEMENT_GRANT.', PurchasePlanOverride),
  ),
  associationOverride: z.optional(
    described('What the account has instead of parts of the price plan, for ASSOCIATION.', CreatePricePlanDetailsOverride),
  ),
  walletTopupDetails: z.optional(described('Required for WALLET_TOPUP.', RequestedTopup)),
  effectiveFrom: z.optional(day('The first day on which the price plan is in force, for ASSOCIATION.')),
  effectiveUntil: z.optional(day('The day on which it ends: the first one that does not belong to it. 9999-01-01 is for ever.')),
}

export const CreatePurchaseRequest = named(
  'CreatePurchaseRequest',
  z.strictObject({
    ...requested,
    expiryDate: z.optional(described('Until when the order can be paid: without end when left out.', instant())),
    type: z.optional(described('ENTITLEMENT_GRANT when left out.', PurchaseType)),
  }),
)
export type CreatePurchaseRequest = z.infer<typeof CreatePurchaseRequest>

export const ProposalPaymentMode = described(
  'PREPAID: what was proposed is done when its order has been paid. POSTPAID: it is done as soon as it is approved, and billed.',
  z.enum(PAYMENT_MODES),
)

export const CreateProposalRequest = named(
  'CreateProposalRequest',
  z.strictObject({
    ...requested,
    expiryDate: z.optional(described('Until when it can be approved, and its order be paid: without end when left out.', instant())),
    type: PurchaseType,
    paymentMode: ProposalPaymentMode,
  }),
)
export type CreateProposalRequest = z.infer<typeof CreateProposalRequest>

const date = () => z.string().register(z.globalRegistry, { format: 'date' })

const shown = {
  id: z.string(),
  accountId: z.string(),
  pricePlanId: z.optional(z.string()),
  quantity: z.optional(z.int32()),
  rateCardQuantities: z.optional(z.record(z.string(), z.number())),
  idempotencyKey: z.optional(z.string()),
  pricePlanVersion: z.optional(described('The version of the price plan that is bought.', z.int32())),
  purchasePlanOverride: z.optional(PricePlanDetailsOverride),
  associationOverride: z.optional(CreatePricePlanDetailsOverride),
  walletTopupDetails: z.optional(WalletTopupDetails),
  createdAt: dateTime(),
  updatedAt: z.optional(dateTime()),
  effectiveFrom: z.optional(date()),
  effectiveUntil: z.optional(date()),
  expiryDate: z.optional(dateTime()),
  price: z.optional(described('What is to be paid, before credits.', z.number())),
  invoiceId: z.optional(described('The order, which becomes an invoice when it has been paid.', z.string())),
  invoiceCurrency: z.optional(z.string()),
  status: PurchaseStatus,
  type: PurchaseType,
  comment: z.optional(described('Why it could not be done, or ended without being paid.', z.string())),
}

export const Purchase = named('Purchase', z.strictObject(shown))
export type Purchase = z.infer<typeof Purchase>

const PurchaseFeatureDetails = named(
  'PurchaseFeatureDetails',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    creditsGranted: z.number(),
    creditsAvailable: described('What is left of them.', z.number()),
    updatedAt: dateTime(),
    effectiveFrom: dateTime(),
    effectiveUntil: dateTime(),
  }),
)

export const GetPurchaseResponse = named(
  'GetPurchaseResponse',
  z.strictObject({
    ...shown,
    purchasePlan: z.optional(described('The price plan as it was bought.', PricePlanDetails)),
    features: z.optional(described('The credits of features that were granted, each for its time.', z.array(PurchaseFeatureDetails))),
  }),
)
export type GetPurchaseResponse = z.infer<typeof GetPurchaseResponse>

const PurchaseListResponse = named(
  'PurchaseListResponse',
  z.strictObject({
    id: z.string(),
    pricePlanId: z.optional(z.string()),
    pricePlanName: z.optional(z.string()),
    quantity: z.optional(z.int32()),
    rateCardQuantities: z.optional(z.record(z.string(), z.number())),
    pricePlanVersion: z.optional(z.int32()),
    status: PurchaseStatus,
    idempotencyKey: z.optional(z.string()),
    purchasePlan: z.optional(PricePlanDetails),
    walletTopupDetails: z.optional(WalletTopupDetails),
    price: z.optional(z.number()),
    invoiceCurrency: z.optional(z.string()),
    createdAt: dateTime(),
    updatedAt: z.optional(dateTime()),
    type: PurchaseType,
  }),
)
export type PurchaseListResponse = z.infer<typeof PurchaseListResponse>

export const PurchasePaginatedListData = named('PurchasePaginatedListData', paginated(PurchaseListResponse))
export type PurchasePaginatedListData = z.infer<typeof PurchasePaginatedListData>

export const ListPurchasesQuery = pageQuery({})
export type ListPurchasesQuery = z.infer<typeof ListPurchasesQuery>

export const PurchasePath = z.strictObject({ purchase_id: identifier() })

const proposed = {
  ...shown,
  paymentMode: ProposalPaymentMode,
  proposalResponseDate: z.optional(described('When it was approved or declined.', dateTime())),
}

export const Proposal = named('Proposal', z.strictObject(proposed))
export type Proposal = z.infer<typeof Proposal>

export const GetProposalResponse = named('GetProposalResponse', z.strictObject(proposed))

const ListedPurchase = named(
  'ListedPurchase',
  z.strictObject({
    id: z.string(),
    accountId: z.string(),
    type: PurchaseType,
    proposalStatus: z.optional(described('How a proposal was answered. What was bought without a proposal has none.', PurchaseStatus)),
    purchaseStatus: z.optional(described('What became of it. A proposal that was not approved has none.', PurchaseStatus)),
    paymentMode: z.optional(ProposalPaymentMode),
    pricePlanId: z.optional(z.string()),
    pricePlanName: z.optional(z.string()),
    quantity: z.optional(z.int32()),
    walletTopupDetails: z.optional(WalletTopupDetails),
    price: described('What is to be paid, before credits.', z.number()),
    invoiceCurrency: z.string(),
    invoiceId: z.optional(z.string()),
    expiryDate: z.optional(dateTime()),
    createdAt: dateTime(),
    updatedAt: dateTime(),
  }),
)
export type ListedPurchase = z.infer<typeof ListedPurchase>

export const PurchasesOfAllAccounts = named('PurchasesOfAllAccounts', paginated(ListedPurchase))
export type PurchasesOfAllAccounts = z.infer<typeof PurchasesOfAllAccounts>

export const ListPurchasesOfAllQuery = pageQuery({
  account_id: z.optional(identifier(1, 50)),
  proposal_status: z.optional(z.enum(PROPOSAL_STATUSES)),
  purchase_status: z.optional(z.enum(PURCHASE_STATUSES)),
})
export type ListPurchasesOfAllQuery = z.infer<typeof ListPurchasesOfAllQuery>
