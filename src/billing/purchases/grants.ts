import { displayNameOf } from '../../catalogue/price_plans/service.ts'
import type { KeptCard } from '../../catalogue/rate_cards/schema.ts'
import { cycleOn, readTimelinesInForce } from '../../catalogue/schedules/service.ts'
import type { Draft } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import { creditOfCard } from '../credits/grants.ts'
import type { CreditRow } from '../credits/table.ts'
import { draftNewCredits, dueOfCredits } from '../credits/write.ts'
import { entryIdOf } from '../feature_credits/grants.ts'
import type { FeatureEntryRow } from '../feature_credits/table.ts'
import { listWindows } from '../feature_credits/windows.ts'
import { draftNewEntries, newEntry } from '../feature_credits/write.ts'
import { quantityOf } from './offer.ts'
import type { PurchaseRow } from './table.ts'

/** What a purchase grants as soon as it has been paid. */
interface Grants {
  entries: FeatureEntryRow[]
  credits: CreditRow[]
}

const nameOf = (kept: KeptCard): string => displayNameOf(kept, [])

/** The cards of a purchase that grant something. */
const grantingCards = ({ bought: { plan } }: PurchaseRow): KeptCard[] =>
  (plan?.definition.cards ?? []).filter(({ name }) => plan?.prepaid.includes(name))

const endsWithCycle = ({ rateCardDetails }: KeptCard): boolean =>
  rateCardDetails.creditGrantRateCard?.grantDetails.expiryType === 'PRICING_CYCLE'

/** When the cycle of an account ends that is in force now, in milliseconds, if a card grants a credit until then. */
const readCycleEnd = async (ctx: Ctx, accountId: string, cards: readonly KeptCard[]): Promise<number | null> => {
  if (!cards.some(endsWithCycle)) return null
  const { timelines } = await readTimelinesInForce(ctx, [accountId], undefined)
  const inForce = cycleOn(timelines.get(accountId)?.active ?? [], dayOf(ctx.now))
  return inForce ? instantOf(inForce.cycle.end) : null
}

/** What the cards of a cycle grant that was paid for before: their credits for the cycle, and credits of features from now on. */
const listGrantsOfCycle = async (ctx: Ctx, row: PurchaseRow): Promise<Grants> => {
  const { accountId, customerId, currency, scheduleId, bought } = row
  const { cycle } = bought
  if (!cycle) return { entries: [], credits: [] }
  const cards = grantingCards(row)
  const start = instantOf(cycle.start)
  /** What is paid after its cycle can be used in the cycle in which it is paid. */
  const isLate = instantOf(cycle.end) <= ctx.now
  const given = isLate
    ? { start: instantOf(dayOf(ctx.now)), end: await readCycleEnd(ctx, accountId, cards) }
    : { start, end: instantOf(cycle.end) }
  return {
    entries: cards.flatMap((kept) =>
      listWindows(kept, ctx.now).map(({ featureId, place, granted, from, until }) =>
        newEntry(ctx, {
          accountId,
          featureId,
          id: entryIdOf(scheduleId ?? row.id, cycle.start, 'PRICE_PLAN', place),
          source: 'PRICE_PLAN',
          effectiveFrom: from,
          effectiveUntil: until,
          granted,
          cycleAt: start,
          purchaseId: row.id,
        }),
      ),
    ),
    credits: cards.flatMap((kept) =>
      creditOfCard(ctx, { id: accountId, customerId, currency }, kept, nameOf(kept), {
        ...given,
        source: `purchase ${row.id} ${kept.billableId}`,
      }),
    ),
  }
}

/** What is granted of cards that were bought once, each as often as it was bought. */
const listGrantsOfCards = async (ctx: Ctx, row: PurchaseRow): Promise<Grants> => {
  const { accountId, customerId, currency } = row
  const cards = grantingCards(row)
  const timesOf = quantityOf(row.request)
  const end = await readCycleEnd(ctx, accountId, cards)
  return {
    entries: cards.flatMap((kept) =>
      listWindows(kept, ctx.now, timesOf(kept.billableId)).map(({ featureId, place, granted, from, until }) =>
        newEntry(ctx, {
          accountId,
          featureId,
          id: `${row.id}#${place}$PURCHASE`,
          source: 'ENTITLEMENT',
          effectiveFrom: from,
          effectiveUntil: until,
          granted,
          purchaseId: row.id,
        }),
      ),
    ),
    credits: cards.flatMap((kept) =>
      creditOfCard(ctx, { id: accountId, customerId, currency }, kept, nameOf(kept), {
        start: instantOf(dayOf(ctx.now)),
        end,
        quantity: timesOf(kept.billableId),
        source: `purchase ${row.id} ${kept.billableId}`,
      }),
    ),
  }
}

/** Drafts what a purchase grants now that it has been paid. `hasEntries` says whether credits of features are carried into the ledger after that. */
export const draftGrants = async (
  ctx: Ctx,
  row: PurchaseRow,
): Promise<Required<Pick<Draft<object>, 'statements' | 'changes' | 'due'>> & { hasEntries: boolean }> => {
  const { entries, credits } = await (row.bought.cycle ? listGrantsOfCycle(ctx, row) : listGrantsOfCards(ctx, row))
  const [ofFeatures, ofCredits] = [draftNewEntries(ctx, entries), draftNewCredits(ctx, credits)]
  return {
    statements: [...ofFeatures.statements, ...ofCredits.statements],
    changes: [...ofFeatures.changes, ...ofCredits.changes],
    due: [...ofFeatures.due, ...dueOfCredits(ctx, credits)],
    hasEntries: entries.length > 0,
  }
}
