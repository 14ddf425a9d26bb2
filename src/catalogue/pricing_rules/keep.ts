import type { Ctx } from '../../db/context.ts'
import { newId } from '../../lib/ids.ts'
import type { CreatePricingRule, KeptRule } from './schema.ts'

const isSame = (one: object, other: object): boolean => JSON.stringify(one) === JSON.stringify(other)

/** The rules that replace those before: one of the same name keeps its id, and has another version where it is not the same. */
export const keepRules = (ctx: Pick<Ctx, 'now'>, before: readonly KeptRule[], sent: readonly CreatePricingRule[]): KeptRule[] => {
  const left = [...before]
  return sent.map((rule): KeptRule => {
    const at = left.findIndex(({ name }) => name === rule.name)
    const [old] = at < 0 ? [] : left.splice(at, 1)
    if (!old) return { id: newId('PRICING_RULE', ctx.now), version: 1, ...rule }
    const { id, version, ...content } = old
    const next = { ...rule }
    return isSame(content, next) ? old : { id, version: version + 1, ...next }
  })
}
