import * as z from 'zod/mini'
import { described, identifier, named } from '../../lib/fields.ts'
import { ledgerPage, ledgerPageQuery } from '../../lib/page.ts'
import { dateTime, instant } from '../../lib/time.ts'

export const AccountFeaturePath = z.strictObject({ account_id: identifier(), feature_id: identifier() })
export const FeatureEntryPath = z.strictObject({ account_id: identifier(), feature_id: identifier(), entry_id: identifier() })

export const GetFeatureCreditsResponse = named(
  'GetFeatureCreditsResponse',
  z.strictObject({
    accountId: z.string(),
    featureId: z.string(),
    granted: described('What all entries grant that are ACTIVE and in force now, without overage.', z.number()),
    balance: described('What is left of that.', z.number()),
    overageLimit: z.optional(
      described('The most overage that the account may have now. It is left out if there is no limit, or no overage.', z.number()),
    ),
    usedOverage: described('The overage so far in the time for which it is counted now.', z.number()),
  }),
)
export type GetFeatureCreditsResponse = z.infer<typeof GetFeatureCreditsResponse>

export const FeatureCreditEntry = named(
  'FeatureCreditEntry',
  z.strictObject({
    id: z.string(),
    source: described(
      'Where it comes from: a rate card of the price plan, a purchase (ENTITLEMENT), an event that was undone after its entry had ended (REFUND), or it counts what is used beyond all others (OVERAGE).',
      z.enum(['ENTITLEMENT', 'PRICE_PLAN', 'OVERAGE', 'REFUND']),
    ),
    status: described('EXPIRED from effectiveUntil on.', z.enum(['ACTIVE', 'EXPIRED', 'VOIDED'])),
    effectiveFrom: dateTime(),
    effectiveUntil: described('The first instant that does not belong to it.', dateTime()),
    granted: z.optional(described('Left out if overage has no limit.', z.number())),
    balance: z.optional(described('granted less used; 0 if it is VOIDED. Left out if overage has no limit.', z.number())),
    used: z.number(),
  }),
)
export type FeatureCreditEntry = z.infer<typeof FeatureCreditEntry>

export const GetFeatureCreditEntriesPaginatedResponse = named('GetFeatureCreditEntriesPaginatedResponse', ledgerPage(FeatureCreditEntry))
export type GetFeatureCreditEntriesPaginatedResponse = z.infer<typeof GetFeatureCreditEntriesPaginatedResponse>

export const ListFeatureCreditEntriesQuery = ledgerPageQuery({})
export type ListFeatureCreditEntriesQuery = z.infer<typeof ListFeatureCreditEntriesQuery>

export const UpdateFeatureCreditsRequest = named(
  'UpdateFeatureCreditsRequest',
  z.strictObject({
    effectiveUntil: z.optional(described('Must be in the future, and after effectiveFrom.', instant())),
    granted: z.optional(described('Must not be less than what has been used.', z.number().check(z.minimum(0)))),
  }),
)
export type UpdateFeatureCreditsRequest = z.infer<typeof UpdateFeatureCreditsRequest>
