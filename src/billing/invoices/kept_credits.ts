import type { AppliedCredit } from '../../rating/credits.ts'
import type { KeptRating } from './table.ts'

/** What is kept of the credits that an invoice takes: what they were before that, so that it can be reckoned again. */
export const keepCredits = (applied: readonly AppliedCredit[]): Pick<KeptRating, 'credits'> =>
  applied.length ? { credits: applied.map(({ credit }) => credit) } : {}
