import { displayNameOf } from '../../catalogue/price_plans/service.ts'
import type { KeptCard } from '../../catalogue/rate_cards/schema.ts'
import { readCard } from '../../catalogue/rate_cards/service.ts'
import { type CycleInForce, type PieceParts, definitionOf } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import { minorDigitsOf } from '../../lib/codes.ts'
import { compare, formatDecimal, multiply, requireDecimal, truncate } from '../../lib/decimal.ts'
import { FOREVER } from '../../lib/time.ts'
import { DATE, addDuration } from '../../logic/dates.ts'
import { dayOf, instantOf } from '../../rating/cycle.ts'
import { chargedCycles } from '../../rating/rate.ts'
import { readCreditRows, selectGranted } from './queries.ts'
import type { CreditRow } from './table.ts'
import { type ChangedCredit, changeCredit, newCredit, restOfCredit } from './write.ts'

/** The account that a credit is given to. */
export interface CreditHolder {
  id: string
  customerId: string | null
  currency: string
}

type GrantDetails = NonNullable<ReturnType<typeof definitionOf>['cards'][number]['rateCardDetails']['creditGrantRateCard']>['grantDetails']

/** When a credit ends that is granted for a cycle, if there is one, in milliseconds: a part of a day counts as a whole one. */
const endOf = ({ expiryType, expiryDuration }: GrantDetails, start: number, end: number | null): number | null => {
  if (expiryType === 'PRICING_CYCLE') return end
  if (expiryType === 'NO_EXPIRY' || expiryDuration === undefined) return null
  const date = addDuration({ kind: DATE, instant: start, offset: 0 }, expiryDuration, 1)
  if (!date || date.instant >= FOREVER.until) return null
  return Math.max(instantOf(dayOf(date.instant - 1) + 1), instantOf(dayOf(start) + 1))
}

/** What gave a credit that a card grants for a cycle. */
const sourceOf = (cycleAt: number, billableId: string): string => `grant ${cycleAt} ${billableId}`

/** A time for which a card grants a credit, in milliseconds, so many times; and what gives it. */
export interface GrantOfCard {
  start: number
  /** When the cycle ends that it is granted for, if there is one. */
  end: number | null
  quantity?: string
  source: string
}

/** The credit that a card grants, if it grants one in the currency of the account. */
export const creditOfCard = (
  ctx: Ctx,
  holder: CreditHolder,
  kept: KeptCard,
  displayName: string,
  { start, end, quantity = '1', source }: GrantOfCard,
): CreditRow[] => {
  const details = kept.rateCardDetails.creditGrantRateCard?.grantDetails
  const card = readCard(kept, { displayName, isPurchase: false })
  if (!details || card?.type !== 'CREDIT_GRANT') return []
  const given = card.credits[holder.currency]
  if (!given) return []
  const amount = truncate(multiply(requireDecimal(given.creditAmount), requireDecimal(quantity)), minorDigitsOf(holder.currency))
  if (compare(amount, requireDecimal('0')) <= 0) return []
  return [
    newCredit(ctx, {
      accountId: holder.id,
      customerId: holder.customerId ?? '',
      purpose: card.displayName,
      priority: details.priority,
      amount: formatDecimal(amount),
      unit: holder.currency,
      effectiveFrom: start,
      effectiveUntil: endOf(details, start, end),
      applicable: details.applicableEntityIds ?? [],
      grantorId: card.billableId,
      source,
    }),
  ]
}

/**
 * The credits that the cards of a plan grant when a cycle begins, whenever they are paid for (pricing.md, 10.5): not those that have to be
 * paid before.
 */
export const listGrants = (
  ctx: Ctx,
  holder: CreditHolder,
  { inForce: { piece, cycle }, parts }: { inForce: CycleInForce; parts: PieceParts },
): CreditRow[] =>
  definitionOf(piece, parts).cards.flatMap((kept): CreditRow[] => {
    const displayName = displayNameOf(kept, parts.items)
    const card = readCard(kept, { displayName, isPurchase: false })
    if (card?.type !== 'CREDIT_GRANT' || card.timing === 'PREPAID') return []
    if (!chargedCycles(card.recurrence, 'IN_ADVANCE', cycle.ordinal)) return []
    const start = instantOf(cycle.start)
    return creditOfCard(ctx, holder, kept, displayName, { start, end: instantOf(cycle.end), source: sourceOf(start, card.billableId) })
  })

/** A cycle of an account that begins, or that another plan has taken over from its first day on, or that is gone. */
export interface CycleOfGrants {
  holder: CreditHolder
  /** Its first instant, in milliseconds. */
  cycleAt: number
  /** Left out where the account does not have the cycle any more. */
  cycle: { inForce: CycleInForce; parts: PieceParts; isChanged: boolean } | undefined
  /** The ids of the add-ons that have been charged in advance for it. */
  paid: ReadonlySet<string>
}

/** What becomes of the credits of accounts when cycles begin or change. */
export interface GrantPlan {
  given: CreditRow[]
  revoked: ChangedCredit[]
}

/** Reads the credits that cards have granted for cycles. */
const readGranted = async (ctx: Ctx, cycles: readonly CycleOfGrants[]): Promise<CreditRow[]> =>
  cycles.length
    ? readCreditRows(
        await ctx.session.rows(
          selectGranted(
            ctx,
            cycles.map(({ holder, cycleAt }) => [holder.id, cycleAt]),
          ),
        ),
      )
    : []

/**
 * Plans the credits of cycles that begin or change: each card gives its credit once. What a card gave that a cycle does not have any more goes
 * as far as it is left, unless it has been paid for.
 */
export const planGrants = async (ctx: Ctx, cycles: readonly CycleOfGrants[]): Promise<GrantPlan> => {
  const all = cycles.map((one) => ({ ...one, grants: one.cycle ? listGrants(ctx, one.holder, one.cycle) : [] }))
  const granted = await readGranted(
    ctx,
    all.filter(({ grants, cycle }) => grants.length || !cycle || cycle.isChanged),
  )
  return {
    given: all.flatMap(({ holder, cycleAt, grants }) =>
      grants.flatMap((grant): CreditRow[] => {
        const its = granted.filter(
          (row) => row.accountId === holder.id && row.effectiveFrom === cycleAt && row.grantorId === grant.grantorId,
        )
        if (its.some(({ status }) => status !== 'VOIDED')) return []
        return [its.length ? { ...grant, source: `${grant.source} ${its.length}` } : grant]
      }),
    ),
    revoked: all.flatMap(({ holder, cycleAt, grants, paid }) =>
      granted.flatMap((row): ChangedCredit[] => {
        const isOther = row.accountId !== holder.id || row.effectiveFrom !== cycleAt || row.status !== 'ACTIVE'
        if (isOther || paid.has(row.grantorId ?? '') || grants.some(({ grantorId }) => grantorId === row.grantorId)) return []
        return [changeCredit(ctx, row, { status: 'VOIDED' }, [{ transactionType: 'VOIDED', amount: restOfCredit(row) }])]
      }),
    ),
  }
}

/** A part of what was paid in advance for a card that is given back. `amount` is above 0, and `place` says which change of the card it is. */
export interface GivenBack {
  displayName: string
  amount: string
  cycleAt: number
  billableId: string
  place: number
}

/** The credit that gives back a part of what was paid in advance (pricing.md, 10.6). */
export const refundOf = (ctx: Ctx, holder: CreditHolder, { displayName, amount, cycleAt, billableId, place }: GivenBack): CreditRow =>
  newCredit(ctx, {
    accountId: holder.id,
    customerId: holder.customerId ?? '',
    purpose: `Refund ${displayName}`,
    amount,
    unit: holder.currency,
    effectiveFrom: instantOf(dayOf(ctx.now)),
    source: `refund ${cycleAt} ${billableId} ${place}`,
  })
