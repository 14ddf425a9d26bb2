import { readCard } from '../../catalogue/rate_cards/service.ts'
import type { ExchangeRates } from '../../customers/settings/service.ts'
import type { Ctx } from '../../db/context.ts'
import {
  type EventShown,
  type KindedGeneration,
  type PartsQuery,
  askAll,
  askEvents,
  eventLedgersIn,
  meterSeries,
} from '../../ledger/client.ts'
import { type Decimal, ZERO, add, formatDecimal, jsonNumber, multiply, requireDecimal, subtract, sumDecimals } from '../../lib/decimal.ts'
import type { UsageCard } from '../../rating/card.ts'
import { cycleAt, dayOf, instantOf } from '../../rating/cycle.ts'
import { amountOf, rateSlabs } from '../../rating/slabs.ts'
import type { EventPipelineInfo } from './pipeline.ts'
import type { OwnedPlan } from './queries.ts'

type RevenueDetails = NonNullable<EventPipelineInfo['revenueDetails']>

/** An event that shows what it earned, with the plan that prices it and the currency of its account. */
export interface PricedEvent {
  event: EventShown
  owned: OwnedPlan
  currency: string
}

/** The most events of an account at one instant whose order is known. */
const MOST_AT_ONCE = 1000

/** The units of an event by the ids of its meters, of those that count it. */
const unitsOf = ({ rules, units }: EventShown): Map<string, string> =>
  new Map(
    (rules?.meters ?? []).flatMap(([id], index): [string, string][] => {
      const its = units?.[index]
      return its === null || its === undefined ? [] : [[id, its]]
    }),
  )

const cardsOf = ({ cards }: OwnedPlan): UsageCard[] =>
  cards.flatMap((kept) => {
    const card = readCard(kept, { displayName: '', isPurchase: false })
    return card?.type === 'USAGE' ? [card] : []
  })

/** What the cards of the plan price of an event. */
interface AskedEvent extends PricedEvent {
  cards: readonly UsageCard[]
  units: ReadonlyMap<string, string>
  query: PartsQuery
}

const askedOf = (priced: PricedEvent): AskedEvent[] => {
  const { event, owned } = priced
  const cycle = cycleAt(owned.plan, dayOf(event.time))
  const units = unitsOf(event)
  const cards = cardsOf(owned).filter(({ billableId }) => units.has(billableId))
  if (!cycle || !cards.length) return []
  const start = instantOf(cycle.start)
  const cuts = [...new Set([start, event.time, event.time + 1])]
  return [
    { ...priced, cards, units, query: { account: event.account, series: cards.map(({ billableId }) => meterSeries(billableId)), cuts } },
  ]
}

/** The units of meters by their ids, added up. */
type Units = Map<string, string[]>

const addUnits = (units: Units, meterId: string, text: string): void => {
  units.set(meterId, [...(units.get(meterId) ?? []), text])
}

/** What other events at the same instant count that stand before an event, by their references. */
const readTies = async (ctx: Ctx, ledgers: readonly string[], { event }: AskedEvent): Promise<Units> => {
  const { account, time, reference } = event
  const filter = { accounts: [account], from: time, until: time + 1, limit: MOST_AT_ONCE }
  const found = await askAll(ledgers, (name) => askEvents(ctx, name, (ledger) => ledger.listEvents(filter)))
  const units: Units = new Map()
  for (const one of found.flat())
    if (one.status === event.status && one.reference < reference) for (const [id, text] of unitsOf(one)) addUnits(units, id, text)
  return units
}

/** The units that a cycle had before an event. Undefined if the events of its hour are not kept any more. */
const readBefore = async (ctx: Ctx, generations: readonly KindedGeneration[], asked: AskedEvent): Promise<Units | undefined> => {
  const { query, event, units: own } = asked
  const ledgers = eventLedgersIn(ctx, generations, query.cuts[0] ?? 0, event.time + 1)
  const all = await askAll(ledgers, (name) => askEvents(ctx, name, (ledger) => ledger.readParts([query], ctx.now)))
  const [before, atOnce]: [Units, Units] = [new Map(), new Map()]
  for (const parts of all) {
    if ('forgotten' in parts) return undefined
    for (const [, part, series, text] of parts.rows)
      addUnits((query.cuts[part] ?? 0) < event.time ? before : atOnce, series.slice(meterSeries('').length), text)
  }
  const isAlone = [...own].every(
    ([id, text]) => !atOnce.has(id) || sumDecimals(atOnce.get(id) ?? []) === formatDecimal(requireDecimal(text)),
  )
  if (!isAlone) for (const [id, texts] of await readTies(ctx, ledgers, asked)) for (const text of texts) addUnits(before, id, text)
  return before
}

const earnedBy = ({ model, slabs, rates }: UsageCard, currency: string, before: Decimal, units: Decimal): Decimal => {
  const costOf = (quantity: Decimal): Decimal => amountOf(rateSlabs(model, slabs, rates[currency] ?? { slabRates: [] }, quantity))
  return subtract(costOf(add(before, units)), costOf(before))
}

/**
 * Reads what events earned, by their references: by how much each raises the price of the usage of its cycle, before limits, rules and
 * commitments. An event is left out if that cannot be known: its hour is not kept any more, or its currency has no exchange rate.
 */
export const readRevenueDetails = async (
  ctx: Ctx,
  generations: readonly KindedGeneration[],
  events: readonly PricedEvent[],
  rates: ExchangeRates,
): Promise<Map<string, RevenueDetails>> => {
  const found = await Promise.all(
    events.flatMap(askedOf).map(async (asked): Promise<[string, RevenueDetails][]> => {
      const { event, cards, units, currency } = asked
      const rate = currency === ctx.baseCurrency ? { coefficient: 1n, scale: 0 } : rates.get(currency)
      const before = rate && (await readBefore(ctx, generations, asked))
      if (!before) return []
      const details = cards.map((card) => {
        const known = requireDecimal(sumDecimals(before.get(card.billableId) ?? []))
        const own = units.get(card.billableId)
        const earned = earnedBy(card, currency, known, own === undefined ? ZERO : requireDecimal(own))
        return {
          usageMeterId: card.billableId,
          revenueBaseCurrency: jsonNumber(formatDecimal(multiply(earned, rate))),
          revenueInvoiceCurrency: jsonNumber(formatDecimal(earned)),
        }
      })
      return [[event.reference, details]]
    }),
  )
  return new Map(found.flat())
}
