import { displayNameOf } from '../../catalogue/price_plans/service.ts'
import { definitionOf, readPieceParts, selectPartsOfList } from '../../catalogue/schedules/service.ts'
import type { Ctx } from '../../db/context.ts'
import { jsonNumber } from '../../lib/decimal.ts'
import { type RuleLog, ruleKeyOf } from '../../rating/rules.ts'
import type { BilledCycle } from './rating.ts'
import type { PricingRulesLog } from './schema.ts'
import type { InvoiceRow } from './show.ts'
import type { Basis, KeptRuleLog } from './table.ts'

/** What the rules of a cycle did, as an invoice keeps it: without their texts, which its plan has. */
export const keepLogs = ({ definition, items }: BilledCycle, logs: readonly RuleLog[]): KeptRuleLog[] => {
  const names = new Map(definition.cards.map((card) => [ruleKeyOf(card), displayNameOf(card, items)]))
  return logs.map(({ rule: { id, name, action }, type, changes, variables }): KeptRuleLog => {
    const keyName = action.type === 'ADD' ? (action.description ?? name) : names.get(changes.key)
    return { ruleId: id, type, changes, ...(keyName !== undefined && { keyName }), variables }
  })
}

/** The id of what is said of a rule on an invoice: that of the invoice, with the digits of the rule. It stays when the invoice is reckoned again. */
const logIdOf = (invoiceId: string, ruleId: string): string =>
  `rule_log.${invoiceId.slice(invoiceId.indexOf('.') + 1).slice(0, 11)}.${ruleId.slice(-5)}`

const number = (text: string | undefined): number => jsonNumber(text ?? '0')

/** Reads the rules of a version of a plan, or those that an account has instead. */
const readRules = async (ctx: Ctx, { id: pricePlanId, version, overrideId }: Basis['plan']) => {
  const plan = { pricePlanId, version, overrideId }
  const parts = readPieceParts(await ctx.session.batch(selectPartsOfList(ctx, [plan])))
  return new Map(definitionOf(plan, parts).rules.map((rule) => [rule.id, rule]))
}

/** What the rules did when an invoice was reckoned last, in their order. */
export const showRuleLogs = async (ctx: Ctx, { id, basis, rated: { logs = [] } }: InvoiceRow): Promise<PricingRulesLog[]> => {
  if (!logs.length || !basis) return []
  const rules = await readRules(ctx, basis.plan)
  return logs.map(({ ruleId, type, changes, keyName, variables }) => {
    const { name, order = 0, condition, computation } = rules.get(ruleId) ?? {}
    const read = Object.entries(variables)
    return {
      id: logIdOf(id, ruleId),
      type,
      order,
      changes: {
        key: changes.key,
        ...(keyName !== undefined && { keyName }),
        oldRevenue: number(changes.oldRevenue),
        newRevenue: number(changes.newRevenue),
        ...(changes.oldUsage !== undefined && { oldUsage: number(changes.oldUsage) }),
        ...(changes.newUsage !== undefined && { newUsage: number(changes.newUsage) }),
        ...(changes.errorMessage !== undefined && { errorMessage: changes.errorMessage }),
      },
      rule: {
        id: ruleId,
        ...(name !== undefined && { name }),
        ...(condition !== undefined && { condition }),
        ...(computation !== undefined && { computation }),
      },
      variablesValue: read.length
        ? Object.fromEntries(read.map(([variable, value]) => [variable, { name: variable, ...(value !== null && { value }) }]))
        : null,
    }
  })
}
