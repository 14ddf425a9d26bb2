import type { Ctx } from '../../db/context.ts'
import { newId } from '../../lib/ids.ts'
import type { PartialDraft } from '../wallets/service.ts'

/** A credit that a payment buys: for everything, used first, without an end. */
export interface BoughtCredit {
  accountId: string
  customerId: string
  purpose: string
  amount: string
  unit: string
}

/** Drafts the credit that a part of a payment buys, and gives its id. */
export const draftCreditOfPayment = (ctx: Ctx, _credit: BoughtCredit): PartialDraft & { id: string } => ({
  id: newId('CREDIT', ctx.now),
  statements: [],
  changes: [],
})
