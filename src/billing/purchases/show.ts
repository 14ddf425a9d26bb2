import { fromKept } from '../../catalogue/price_plans/service.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { iso } from '../../lib/time.ts'
import { writeDay } from '../../rating/cycle.ts'
import type { BegunPurchase, ProposalRow } from './queries.ts'
import type { ListedPurchase, Proposal, Purchase, PurchaseListResponse } from './schema.ts'
import type { PurchaseRow } from './table.ts'

const showTopup = ({ request: { walletTopupDetails: sent } }: PurchaseRow) =>
  sent && {
    walletTopupDetails: {
      topupAmount: jsonNumber(sent.topupAmount),
      ...(sent.purchaseAmount !== undefined && { purchaseAmount: jsonNumber(sent.purchaseAmount) }),
    },
  }

/** What purchases and proposals show beside their status. */
const showDetails = (row: PurchaseRow): Omit<Purchase, 'status'> => {
  const { request } = row
  const { quantity, rateCardQuantities, purchasePlanOverride, associationOverride, effectiveFrom, effectiveUntil } = request
  return {
    id: row.id,
    accountId: row.accountId,
    ...(row.pricePlanId !== null && { pricePlanId: row.pricePlanId }),
    ...(quantity !== undefined && { quantity }),
    ...(rateCardQuantities && { rateCardQuantities }),
    ...(row.idempotencyKey !== null && { idempotencyKey: row.idempotencyKey }),
    ...(row.planVersion !== null && { pricePlanVersion: row.planVersion }),
    ...(purchasePlanOverride && { purchasePlanOverride }),
    ...(associationOverride && { associationOverride }),
    ...showTopup(row),
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
    ...(effectiveFrom !== undefined && { effectiveFrom: writeDay(effectiveFrom) }),
    ...(effectiveUntil !== undefined && { effectiveUntil: writeDay(effectiveUntil) }),
    ...(row.expiresAt !== null && { expiryDate: iso(row.expiresAt) }),
    price: jsonNumber(row.price),
    ...(row.invoiceId !== null && { invoiceId: row.invoiceId }),
    invoiceCurrency: row.currency,
    type: row.type,
    ...(row.comment !== null && { comment: row.comment }),
  }
}

export const showPurchase = (row: BegunPurchase): Purchase => ({ ...showDetails(row), status: row.status })

/** The plan of a purchase as it was bought. */
export const showBoughtPlan = ({ bought: { plan } }: PurchaseRow) =>
  plan && { purchasePlan: fromKept(plan.definition, plan.activeCurrencies) }

export const showListedPurchase = (row: BegunPurchase): PurchaseListResponse => {
  const { quantity, rateCardQuantities } = row.request
  return {
    id: row.id,
    ...(row.pricePlanId !== null && { pricePlanId: row.pricePlanId }),
    ...(row.bought.plan && { pricePlanName: row.bought.plan.name }),
    ...(quantity !== undefined && { quantity }),
    ...(rateCardQuantities && { rateCardQuantities }),
    ...(row.planVersion !== null && { pricePlanVersion: row.planVersion }),
    status: row.status,
    ...(row.idempotencyKey !== null && { idempotencyKey: row.idempotencyKey }),
    ...showBoughtPlan(row),
    ...showTopup(row),
    price: jsonNumber(row.price),
    invoiceCurrency: row.currency,
    createdAt: iso(row.createdAt),
    updatedAt: iso(row.updatedAt),
    type: row.type,
  }
}

export const showProposal = (row: ProposalRow): Proposal => ({
  ...showDetails(row),
  status: row.proposalStatus,
  paymentMode: row.paymentMode,
  ...(row.respondedAt !== null && { proposalResponseDate: iso(row.respondedAt) }),
})

export const showListedProposal = (row: ProposalRow) => ({
  id: row.id,
  ...(row.pricePlanId !== null && { pricePlanId: row.pricePlanId }),
  ...(row.bought.plan && { pricePlanName: row.bought.plan.name }),
  ...(row.planVersion !== null && { pricePlanVersion: row.planVersion }),
  status: row.proposalStatus,
  ...showTopup(row),
  ...(row.idempotencyKey !== null && { idempotencyKey: row.idempotencyKey }),
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
  ...(row.expiresAt !== null && { expiryDate: iso(row.expiresAt) }),
  paymentMode: row.paymentMode,
  type: row.type,
})

export const showPurchaseOfAll = (row: PurchaseRow): ListedPurchase => ({
  id: row.id,
  accountId: row.accountId,
  type: row.type,
  ...(row.proposalStatus !== null && { proposalStatus: row.proposalStatus }),
  ...(row.status !== null && { purchaseStatus: row.status }),
  ...(row.paymentMode !== null && { paymentMode: row.paymentMode }),
  ...(row.pricePlanId !== null && { pricePlanId: row.pricePlanId }),
  ...(row.bought.plan && { pricePlanName: row.bought.plan.name }),
  ...(row.request.quantity !== undefined && { quantity: row.request.quantity }),
  ...showTopup(row),
  price: jsonNumber(row.price),
  invoiceCurrency: row.currency,
  ...(row.invoiceId !== null && { invoiceId: row.invoiceId }),
  ...(row.expiresAt !== null && { expiryDate: iso(row.expiresAt) }),
  createdAt: iso(row.createdAt),
  updatedAt: iso(row.updatedAt),
})
