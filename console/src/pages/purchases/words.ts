import { linkTo } from '../../parts/address.ts'
import type { Schemas } from '../../parts/client.ts'

export type Purchase = Schemas['ListedPurchase']

/** What the kinds of purchases are called. */
export const KINDS: Readonly<Record<Schemas['PurchaseType'], string>> = {
  ENTITLEMENT_GRANT: 'Plan that is bought once',
  ASSOCIATION: 'Plan that is put in force',
  WALLET_TOPUP: 'Money for the wallet',
  PREPAID: 'Prepaid cards of a plan',
}

export const PAYMENT_MODES: Readonly<Record<'PREPAID' | 'POSTPAID', string>> = {
  PREPAID: 'Paid first, then done',
  POSTPAID: 'Done at once, then billed',
}

/** PROPOSAL_ACTIVE as Open: what a status is called beside the word proposal. */
export const PROPOSAL_WORDS: Readonly<Record<string, string>> = {
  PROPOSAL_ACTIVE: 'Open',
  PROPOSAL_APPROVED: 'Approved',
  PROPOSAL_DECLINED: 'Declined',
  PROPOSAL_EXPIRED: 'Expired',
}

/** A proposal is shown with what has become of it; what was bought without one is shown alone. */
export const linkToPurchase = ({ id, proposalStatus }: Pick<Purchase, 'id' | 'proposalStatus'>): string =>
  linkTo(proposalStatus ? 'proposals' : 'purchases', id)
