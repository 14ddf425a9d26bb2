import { formatDecimal } from '../../lib/decimal.ts'
import type { Rule } from '../../logic/rule.ts'
import { isTruthy, toDecimalResult, type Value } from '../../logic/values.ts'
import { type Context, explainRule, quoteName } from './context.ts'
import type { CompiledMeter } from './definitions.ts'

/** The reason why a meter could not compute units. */
interface Fault {
  readonly fault: string
}

type Given = { readonly value: Value; readonly fault?: undefined } | (Fault & { readonly value?: undefined })

const runPart = (rule: Rule, context: Context, part: string): Given => {
  const { value = null, error = rule.error } = rule.evaluate?.(context) ?? {}
  return error ? { fault: `its ${part} failed: ${explainRule(error)}` } : { value }
}

/** Computes the units of one meter. Null if its filters or its matcher exclude the event. */
const computeUnits = ({ definition, filters, matcher, computation }: CompiledMeter, context: Context): string | null | Fault => {
  for (const matches of filters) if (!matches(context)) return null
  if (matcher) {
    const { value, fault } = runPart(matcher, context, 'matcher')
    if (fault !== undefined) return { fault }
    if (!isTruthy(value)) return null
  }
  if (definition.aggregation === 'COUNT') return '1'
  if (!computation) return { fault: 'it has no computation' }
  const { value, fault } = runPart(computation, context, 'computation')
  if (fault !== undefined) return { fault }
  const units = toDecimalResult(value)
  return units ? formatDecimal(units) : { fault: 'its computation gives no decimal number of 512 digits at most on each side of the point' }
}

/** Computes the units of each meter in order. If one meter fails, the event fails. */
export const meterEvent = (meters: readonly CompiledMeter[], context: Context): (string | null)[] | Fault => {
  const all: (string | null)[] = []
  for (const each of meters) {
    const units = computeUnits(each, context)
    if (typeof units === 'object' && units !== null)
      return { fault: `The usage meter ${quoteName(each.definition.name)} failed: ${units.fault}.` }
    all.push(units)
  }
  return all
}
