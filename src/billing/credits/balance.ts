import { type PieceParts, cycleOn, definitionOf, readTimelinesInForce } from '../../catalogue/schedules/service.ts'
import { requireReadable } from '../../customers/accounts/service.ts'
import type { Reply } from '../../db/commit.ts'
import type { Ctx } from '../../db/context.ts'
import { formatDecimal, jsonNumber, requireDecimal, subtract, sumDecimals } from '../../lib/decimal.ts'
import { notFound } from '../../lib/errors.ts'
import { iso } from '../../lib/time.ts'
import { dayOf } from '../../rating/cycle.ts'
import { readAccountOwners, selectAccountOwners } from '../invoices/owner.ts'
import { readHolds } from './holds.ts'
import { readCreditsInUse, selectCreditsInUse } from './queries.ts'
import type { CreditBalanceResponse } from './schema.ts'
import type { CreditRow } from './table.ts'
import { restOfCredit } from './write.ts'

/** The families that a credit can be restricted to, by the types of their cards. */
const FAMILIES: Readonly<Record<string, string>> = { USAGE: 'ALL_USAGE_METER_RATE_CARDS', FIXED_FEE: 'ALL_FIXED_FEE_RATE_CARDS' }

/** The items of a plan, and their families. */
const itemsOf = (piece: Parameters<typeof definitionOf>[0], parts: PieceParts): Set<string> =>
  new Set(definitionOf(piece, parts).cards.flatMap(({ type, billableId }) => [billableId, FAMILIES[type] ?? billableId]))

const minus = (one: string, other: string): string => formatDecimal(subtract(requireDecimal(one), requireDecimal(other)))

/** Answers what the credits of an account come to, with what its DRAFTs would take of them now (pricing.md, 14). */
export const getCreditBalance = async (ctx: Ctx, accountId: string): Promise<Reply<CreditBalanceResponse>> => {
  const { now } = ctx
  const [{ timelines, parts }, [owners, found]] = await Promise.all([
    readTimelinesInForce(ctx, [accountId], { accountId, at: now }),
    ctx.session.batch<object>([selectAccountOwners(ctx, [accountId]), selectCreditsInUse(ctx, [accountId])]),
  ])
  const timeline = timelines.get(accountId)
  requireReadable(ctx, timeline?.account, accountId)
  const owner = readAccountOwners(owners?.results).get(accountId)
  if (!timeline || !owner) throw notFound('account', accountId)
  const all = (readCreditsInUse(found?.results).get(accountId) ?? []).filter(({ unit }) => unit === owner.currency)
  const holds = await readHolds(ctx, all)
  const inForce = cycleOn(timeline.active, dayOf(now))
  const items = inForce ? itemsOf(inForce.piece, parts) : new Set<string>()
  const isActive = ({ effectiveFrom, effectiveUntil }: CreditRow): boolean =>
    effectiveFrom <= now && (effectiveUntil === null || effectiveUntil > now)
  const isInapplicable = ({ effectiveFrom, applicable }: CreditRow): boolean =>
    effectiveFrom > now || (applicable.length > 0 && !applicable.some((id) => items.has(id)))
  const active = all.filter(isActive)
  const available = sumDecimals(active.map(restOfCredit))
  const held = sumDecimals(active.map(({ id }) => holds.get(id) ?? '0'))
  return {
    answer: {
      activeCredits: jsonNumber(sumDecimals(active.map(({ amount }) => amount))),
      availableBalance: jsonNumber(available),
      runningBalance: jsonNumber(minus(available, held)),
      inapplicableCredits: jsonNumber(
        sumDecimals(all.filter((one) => isInapplicable(one)).map((one) => minus(restOfCredit(one), holds.get(one.id) ?? '0'))),
      ),
      unit: owner.currency,
      lastUpdatedAt: iso(now),
    },
  }
}
