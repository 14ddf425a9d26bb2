import type { Big } from 'big.js'
import type { Rule, Vars } from './billing_cycles.ts'
import { ZERO, cut, sum } from './billing_rating.ts'

/** A card on an invoice: how its line and how rules name it, and what it comes to. */
export interface RatedCard {
  line: string
  key: string
  value: Big
  quantity?: Big
  rerate?: (quantity: Big) => Big
}

/** Runs the rules on cards, and gives what they add. */
export const runRules = (
  cards: readonly RatedCard[],
  rules: readonly Rule[],
  isAdvance: boolean,
  currency: string,
): Record<string, Big> => {
  const added: Record<string, Big> = {}
  const timed = rules.filter(({ sent }) => (sent.invoiceTiming === 'IN_ADVANCE') === isAdvance)
  for (const { sent, holds, compute } of timed.toSorted((one, other) => one.sent.order - other.sent.order)) {
    const vars: Vars = {
      revenue: Object.fromEntries(cards.map(({ key, value }) => [key, value])),
      usage: Object.fromEntries(cards.map(({ key, quantity = ZERO }) => [key, quantity])),
      total: sum(cards.map(({ value }) => value)),
    }
    if (!holds(vars)) continue
    const { type, target = '', id } = sent.action
    if (type === 'ADD') {
      added[`PRICING_RULE_ADDITION_AMOUNT ${id}`] = cut(compute(vars), currency)
      continue
    }
    const card = cards.find(({ key }) => target.endsWith(`.${key}`))
    if (!card) continue
    if (target.startsWith('revenue.')) card.value = cut(compute(vars), currency)
    else {
      card.quantity = compute(vars)
      card.value = card.rerate?.(card.quantity) ?? card.value
    }
  }
  return added
}
