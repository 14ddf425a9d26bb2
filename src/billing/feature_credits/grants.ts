import { readCard } from '../../catalogue/rate_cards/service.ts'
import type { KeptCard } from '../../catalogue/rate_cards/schema.ts'
import { type CycleInForce, type PieceParts, cycleOfPiece, definitionOf } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import { decimalFromNumber, formatDecimal, requireDecimal } from '../../lib/decimal.ts'
import { instantOf, writeDay } from '../../rating/cycle.ts'
import { chargedCycles, overageCycles } from '../../rating/rate.ts'
import { readEntryRows, selectEntriesOfCycles } from './queries.ts'
import type { FeatureEntryRow } from './table.ts'
import { listWindows } from './windows.ts'
import { type ChangedEntry, changeEntry, newEntry } from './write.ts'

/** The id of what a card grants for a cycle: that of the schedule, the first day of the cycle, and the window if it is not the first. */
export const entryIdOf = (scheduleId: string, day: number, source: 'PRICE_PLAN' | 'OVERAGE', place = 1): string =>
  `${scheduleId}#${writeDay(day)}$${source}${place > 1 ? `.${place}` : ''}`

/** A cycle of an account that has begun and is not billed. */
export interface CycleOfEntries {
  accountId: string
  /** Its first instant, in milliseconds. */
  cycleAt: number
  /** Left out where the account does not have the cycle any more. */
  cycle: { inForce: CycleInForce; parts: PieceParts; isChanged: boolean } | undefined
  /** The ids of what has been charged in advance for it. */
  paid: ReadonlySet<string>
}

const recurrenceOf = (card: KeptCard) => {
  const read = readCard(card, { displayName: '', isPurchase: false })
  return read?.type === 'BILLING_ENTITLEMENT' ? read.recurrence : undefined
}

/** Whether an entitlement card grants its credits when a cycle begins, whenever it is paid for: not if it has to be paid before. */
const isGrantedAtStart = (card: KeptCard, ordinal: number): boolean => {
  const recurrence = recurrenceOf(card)
  return card.invoiceTiming !== 'PREPAID' && recurrence !== undefined && chargedCycles(recurrence, 'IN_ADVANCE', ordinal) !== undefined
}

/** From when until when overage is counted together that a cycle is in: the cycles that are billed at once, as far as its schedule has them. */
const overageSpan = ({ piece, cycle }: CycleInForce, billing: { interval: number; offset: number }): { from: number; until: number } => {
  const { first, last } = overageCycles(billing, cycle.ordinal)
  const before = cycle.ordinal - (cycleOfPiece(piece, cycle.start)?.ordinal ?? cycle.ordinal)
  let [from, until] = [cycle.start, cycle.end]
  for (let ordinal = cycle.ordinal - 1; ordinal >= first; ordinal--) {
    const its = cycleOfPiece(piece, from - 1)
    if (!its) break
    from = its.start
  }
  for (let its = cycleOfPiece(piece, until); its && its.ordinal + before <= last; its = cycleOfPiece(piece, until)) until = its.end
  return { from, until }
}

/** The credits that the cards of a plan grant when a cycle begins, and the overage that they allow (pricing.md, 10.5). */
const listEntries = (ctx: Ctx, accountId: string, { inForce, parts }: NonNullable<CycleOfEntries['cycle']>): FeatureEntryRow[] => {
  const { piece, cycle } = inForce
  const at = instantOf(cycle.start)
  return definitionOf(piece, parts).cards.flatMap((card): FeatureEntryRow[] => {
    const overage = card.rateCardDetails.entitlementOverageRateCard
    if (overage) {
      const { interval = 1, startOffset: offset = 0 } = overage.billingConfig ?? {}
      const { from, until } = overageSpan(inForce, { interval, offset })
      const limit = overage.maxQuantity === undefined ? null : formatDecimal(decimalFromNumber(overage.maxQuantity) ?? requireDecimal('0'))
      const [effectiveFrom, effectiveUntil] = [instantOf(from), instantOf(until)]
      const id = entryIdOf(piece.id, from, 'OVERAGE')
      const its = { accountId, featureId: card.billableId, id, source: 'OVERAGE' as const, cycleAt: effectiveFrom }
      return [newEntry(ctx, { ...its, effectiveFrom, effectiveUntil, granted: limit })]
    }
    if (!isGrantedAtStart(card, cycle.ordinal)) return []
    return listWindows(card, at).map(({ featureId, place, granted, from, until }) => {
      const id = entryIdOf(piece.id, cycle.start, 'PRICE_PLAN', place)
      const its = { accountId, featureId, id, source: 'PRICE_PLAN' as const, cycleAt: at }
      return newEntry(ctx, { ...its, effectiveFrom: from, effectiveUntil: until, granted })
    })
  })
}

/** The accounts of which the plan of a cycle has cards that grant credits, whether they do so in that cycle or not: events wait for its beginning. */
const listGranting = (cycles: readonly CycleOfEntries[]): Set<string> =>
  new Set(
    cycles.flatMap(({ accountId, cycle }) => {
      const cards = cycle ? definitionOf(cycle.inForce.piece, cycle.parts).cards : []
      return cards.some(({ type }) => type === 'BILLING_ENTITLEMENT' || type === 'ENTITLEMENT_OVERAGE') ? [accountId] : []
    }),
  )

/** What becomes of the credits of features when cycles begin or change. */
export interface EntryPlan {
  given: FeatureEntryRow[]
  changed: ChangedEntry[]
  /** The accounts whose plans can grant any. */
  accountIds: ReadonlySet<string>
}

const keyOf = ({ accountId, featureId, id }: Pick<FeatureEntryRow, 'accountId' | 'featureId' | 'id'>): string =>
  JSON.stringify([accountId, featureId, id])

/** How an entry of a cycle differs from what the cards of its plan say now: overage ends with the plan, and its limit is that of the card. */
const changesOf = (before: FeatureEntryRow, after: FeatureEntryRow): Pick<FeatureEntryRow, 'granted' | 'effectiveUntil'> | undefined => {
  if (before.source !== 'OVERAGE' || before.status !== 'ACTIVE') return undefined
  const { granted, effectiveUntil } = after
  return before.granted === granted && before.effectiveUntil === effectiveUntil ? undefined : { granted, effectiveUntil }
}

/** Whether the overage of earlier cycles was to go on in a cycle. */
const isCut = ({ source, effectiveFrom, effectiveUntil }: FeatureEntryRow, cycleAt: number): boolean =>
  source === 'OVERAGE' && effectiveFrom < cycleAt && cycleAt < effectiveUntil

/**
 * Plans the credits of cycles that begin or change: each card grants its credits once. What a card granted that a cycle does not have any
 * more, because another plan has taken its place from its first day on, becomes void, unless it has been paid for.
 */
export const planEntries = async (ctx: Ctx, cycles: readonly CycleOfEntries[]): Promise<EntryPlan> => {
  const all = cycles.map((one) => ({ ...one, entries: one.cycle ? listEntries(ctx, one.accountId, one.cycle) : [] }))
  const asked = all.filter(({ entries, cycle }) => entries.length || !cycle || cycle.isChanged)
  const accountIds = listGranting(cycles)
  if (!asked.length) return { given: [], changed: [], accountIds }
  const places = asked.flatMap(({ accountId, cycleAt, entries }) =>
    [cycleAt, ...entries.map((its) => its.cycleAt ?? cycleAt)].map((at) => [accountId, at] as const),
  )
  const found = readEntryRows(await ctx.session.rows(selectEntriesOfCycles(ctx, places)))
  const known = new Map(found.map((row) => [keyOf(row), row]))
  const wanted = new Map(asked.flatMap(({ entries }) => entries.map((row) => [keyOf(row), row] as const)))
  const updated = [...wanted].flatMap(([key, after]): ChangedEntry[] => {
    const before = known.get(key)
    const set = before && changesOf(before, after)
    return before && set ? [changeEntry(ctx, before, set)] : []
  })
  const revoked = asked.flatMap(({ accountId, cycleAt, cycle, paid }): ChangedEntry[] => {
    if (cycle && !cycle.isChanged) return []
    const own = found.filter((row) => row.accountId === accountId && row.status === 'ACTIVE' && row.purchaseId === null)
    const gone = own
      .filter((row) => row.cycleAt === cycleAt && !wanted.has(keyOf(row)))
      .filter((row) => row.source === 'OVERAGE' || !paid.has(row.featureId))
    const cut = own.filter((row) => isCut(row, cycleAt) && !wanted.has(keyOf(row)))
    return [
      ...gone.map((row) => changeEntry(ctx, row, { status: 'VOIDED' })),
      ...cut.map((row) => changeEntry(ctx, row, { effectiveUntil: cycleAt })),
    ]
  })
  return {
    given: [...wanted].flatMap(([key, row]) => (known.has(key) ? [] : [row])),
    changed: [...updated, ...revoked],
    accountIds,
  }
}
