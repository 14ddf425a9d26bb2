import type { Ctx } from '../../db/context.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import { draftNewCredits, newCredit } from '../credits/write.ts'
import type { PartialDraft } from '../wallets/service.ts'

/** A credit that a payment buys: for everything, used first, from today on and without an end. */
export interface BoughtCredit {
  accountId: string
  customerId: string
  purpose: string
  amount: string
  unit: string
}

/** Drafts the credit that a part of a payment buys, and gives its id. */
export const draftCreditOfPayment = (ctx: Ctx, bought: BoughtCredit): PartialDraft & { id: string } => {
  const credit = newCredit(ctx, { ...bought, effectiveFrom: instantOf(dayOf(ctx.now)) })
  const { statements, changes } = draftNewCredits(ctx, [credit])
  return { id: credit.id, statements: [...statements], changes: [...changes] }
}
