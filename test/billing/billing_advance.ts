import type { Big } from 'big.js'
import { heldOf, rateFee, spansOf } from './billing_cards.ts'
import { type Account, type Cycle, DAY, type Invoiced, dayOf } from './billing_cycles.ts'
import { ZERO, beforeCredits, cut, rateLicensesSoFar, statusOf, sum } from './billing_rating.ts'
import { type RatedCard, runRules } from './billing_rules.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

interface Cost {
  line: string
  key: string
  total: Big
  paidUntil: number
  isFee: boolean
  refundMode: string
}

/** What rules make of what cards come to is a part of what they cost. */
const withRules = ({ currency }: Account, { piece }: Cycle, costs: readonly Cost[]): Cost[] => {
  const cards = costs.map(({ line, key, total }): RatedCard => ({ line, key, value: cut(total, currency) }))
  const before = cards.map(({ value }) => value)
  runRules(cards, piece.rules, true, currency)
  return costs.map((cost, index) => ({ ...cost, total: cost.total.plus(cards[index]?.value ?? ZERO).minus(before[index] ?? ZERO) }))
}

/** What each card that is paid in advance has cost in a cycle by what is known at an instant, with all of its digits. */
const costsOf = (account: Account, cycle: Cycle, known: number): Cost[] => {
  const { details } = cycle.piece
  const isAdvance = ({ invoiceTiming }: Loose): boolean => invoiceTiming === 'IN_ADVANCE'
  const fees = (details.fixedFeeRateCards ?? []).filter(isAdvance).flatMap((card: Loose): Cost[] => {
    const fee = rateFee(card, cycle, account.currency)
    const refundMode = card.enableProration ? 'CREDITS' : 'NEVER'
    return fee
      ? [{ line: `ADVANCED_FIXED_FEE ${card.id}`, key: `ff.${card.id}`, total: fee.amount, paidUntil: fee.until, isFee: true, refundMode }]
      : []
  })
  const licenses = (details.licenseRateCards ?? []).filter(isAdvance).map((card: Loose): Cost => ({
    line: `ADVANCED_LICENSE_RATE_CARD_AMOUNT ${card.id}`,
    key: `lic.${card.id}`,
    total: rateLicensesSoFar(card, account.currency, heldOf(account, card.id, card.type === 'NAMED_LICENSE', known), spansOf(card, cycle)),
    paidUntil: cycle.end,
    isFee: false,
    refundMode: card.enableProration ? (card.proratedRefundMode ?? 'CREDITS') : 'NEVER',
  }))
  return withRules(account, cycle, [...fees, ...licenses])
}

/** What a wallet gets back. */
interface Refund {
  toWallet: Big
}

const keyOf = ({ start }: Cycle, { line }: Cost): string => `${start} ${line}`

/** Notes what a cycle is charged in advance when it begins. */
export const chargeAdvance = (account: Account, cycle: Cycle): void => {
  for (const cost of costsOf(account, cycle, cycle.start * DAY))
    account.charged.set(keyOf(cycle, cost), { ...cost, cycleStart: cycle.start })
}

/**
 * What has become more or less in a cycle since it was charged in advance: what is more is on one invoice, and what is given back by an
 * invoice has one of its own, or goes to the wallet. Behind its grace, only fees change that are paid for longer.
 */
export const changeAdvance = (account: Account, cycle: Cycle, now: number, isOpen: boolean): (Invoiced | Refund)[] => {
  const { currency, netTermDays, charged } = account
  const more: (Cost & { amount: Big })[] = []
  const less: (Cost & { amount: Big })[] = []
  for (const cost of costsOf(account, cycle, now)) {
    const key = keyOf(cycle, cost)
    const last = charged.get(key)
    if (!isOpen && !(last?.isFee && last.paidUntil * DAY > now)) continue
    const amount = cut(cost.total.minus(last?.total ?? ZERO), currency)
    if (amount.eq(0) || (amount.lt(0) && cost.refundMode === 'NEVER')) continue
    charged.set(key, { ...cost, cycleStart: cycle.start })
    if (amount.gt(0)) more.push({ ...cost, amount })
    else less.push({ ...cost, amount })
    if (amount.lt(0) && cost.refundMode === 'CREDITS') account.credited = account.credited.minus(amount)
  }
  const invoiceOf = (its: readonly (Cost & { amount: Big })[]): Invoiced => {
    const total = sum(its.map(({ amount }) => amount))
    const end = Math.max(cycle.start, ...its.map(({ paidUntil }) => paidUntil))
    return {
      type: 'ADHOC_ADVANCED',
      status: statusOf(total),
      start: Math.min(Math.max(cycle.start, dayOf(now)), end),
      end,
      invoiceDay: dayOf(now),
      netTermDays,
      planName: cycle.piece.plan.name,
      ...beforeCredits(total),
      lines: Object.fromEntries(its.map(({ line, amount }) => [line, amount.toFixed()])),
      usage: {},
    }
  }
  return [
    ...(more.length ? [invoiceOf(more)] : []),
    ...less.flatMap((one): (Invoiced | Refund)[] => {
      if (one.refundMode === 'WALLET') return [{ toWallet: one.amount.neg() }]
      return one.refundMode === 'PAYMENT' ? [invoiceOf([one])] : []
    }),
  ]
}
