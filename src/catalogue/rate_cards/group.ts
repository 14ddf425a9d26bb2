import { DETAILS, type KeptCard, type RateCardDetails } from './schema.ts'

type Nested<Family extends keyof RateCardDetails> = NonNullable<RateCardDetails[Family]>

/** The cards of a plan in the list of each family, in the order of the plan. */
export const groupCards = (cards: readonly KeptCard[]) => {
  const of = <Family extends keyof RateCardDetails>(family: Family): Nested<Family>[] =>
    cards.flatMap(({ rateCardDetails }) => (rateCardDetails[family] as Nested<Family> | undefined) ?? [])
  const [minimumCommitment] = of(DETAILS.MINIMUM_COMMITMENT)
  return {
    usageRateCards: of(DETAILS.USAGE),
    fixedFeeRateCards: of(DETAILS.FIXED_FEE),
    licenseRateCards: of(DETAILS.LICENSE),
    billingEntitlementRateCards: of(DETAILS.BILLING_ENTITLEMENT),
    entitlementOverageRateCards: of(DETAILS.ENTITLEMENT_OVERAGE),
    creditGrantRateCards: of(DETAILS.CREDIT_GRANT),
    ...(minimumCommitment && { minimumCommitment }),
  }
}
