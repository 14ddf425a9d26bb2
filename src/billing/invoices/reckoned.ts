import type { CycleInForce, ReadPiece } from '../../catalogue/schedules/service.ts'
import { listFailedCharges } from './lines.ts'
import type { InvoiceOwner } from './owner.ts'
import { type BilledCycle, type RatedInvoice, basisOf } from './rating.ts'
import type { InvoiceRow } from './show.ts'

export const keepRating = (rated: RatedInvoice): Pick<InvoiceRow, 'rated' | 'total' | 'info'> => ({
  rated,
  total: rated.root.value,
  info: listFailedCharges(rated.root),
})

/** What an invoice keeps of a reckoning. */
export type Reckoned = Pick<InvoiceRow, 'rated' | 'total' | 'info' | 'basis'>

/** What an invoice keeps of a rating by what was known at an instant, and what it was reckoned with. */
export const keepReckoning = (rated: RatedInvoice, billed: BilledCycle, at: number): Reckoned => ({
  ...keepRating(rated),
  basis: basisOf(billed, at),
})

/** The owner of an invoice of a plan, whose details name the plan. */
export const withPlan = (owner: InvoiceOwner, { piece }: CycleInForce): InvoiceOwner => ({
  ...owner,
  details: { ...owner.details, pricePlanName: (piece as ReadPiece).planName },
})
