import type { Schemas } from './client.ts'

type Rule = Schemas['PricingRule']

/** A pricing rule as it is typed. Its order is kept, so that a rule which has not moved stays as it was. */
export interface RuleDraft {
  /** Tells it from others while rules are added, moved and removed. */
  key: string
  order: number
  name: string
  timing: Schemas['PricingRuleTiming']
  condition: string
  computation: string
  type: 'ADD' | 'UPDATE'
  target: string
  lineId: string
  description: string
  metadata: readonly { name: string; value: string }[]
}

export const draftOfRule = ({ id, order, name, invoiceTiming, condition, computation, action }: Rule): RuleDraft => ({
  key: id,
  order,
  name,
  timing: invoiceTiming ?? 'IN_ARREARS',
  condition: condition ?? '',
  computation,
  type: action.type,
  target: action.target ?? '',
  lineId: action.id ?? '',
  description: action.description ?? '',
  metadata: Object.entries(action.metadata ?? {}).map(([key, value]) => ({ name: key, value })),
})

export const emptyRule = (rules: readonly RuleDraft[]): RuleDraft => ({
  key: crypto.randomUUID(),
  order: Math.max(0, ...rules.map(({ order }) => order)) + 1,
  name: '',
  timing: 'IN_ARREARS',
  condition: '',
  computation: '',
  type: 'ADD',
  target: '',
  lineId: '',
  description: '',
  metadata: [],
})

const metadataOf = ({ metadata }: RuleDraft): Record<string, string> | undefined => {
  const named = metadata.filter(({ name }) => name.trim())
  return named.length ? Object.fromEntries(named.map(({ name, value }) => [name.trim(), value])) : undefined
}

/** What the API is sent of rules. JSON Logic is sent as it was typed. */
export const rulesOf = (rules: readonly RuleDraft[]): Schemas['CreatePricingRule'][] =>
  rules.map((rule) => ({
    name: rule.name,
    order: rule.order,
    invoiceTiming: rule.timing,
    condition: rule.condition.trim() || undefined,
    computation: rule.computation.trim(),
    action: {
      type: rule.type,
      target: rule.type === 'UPDATE' ? rule.target.trim() : undefined,
      id: (rule.type === 'ADD' && rule.lineId.trim()) || undefined,
      description: rule.description.trim() || undefined,
      metadata: metadataOf(rule),
    },
  }))

/** Lets a rule run before its neighbour, or behind it: the two change places. */
export const moveRule = (rules: readonly RuleDraft[], at: number, by: -1 | 1): RuleDraft[] => {
  const [moved, other] = [rules[at], rules[at + by]]
  if (!moved || !other) return [...rules]
  const swapped = [...rules]
  swapped[at] = { ...other, order: moved.order }
  swapped[at + by] = { ...moved, order: other.order }
  return swapped
}

/** What is wrong with a rule: of a field of it, or of the rule where that is empty. */
export interface RuleFault {
  field: string
  message: string
}

export type RuleFaults = ReadonlyMap<number, readonly RuleFault[]>

/** What a refusal says of rules, by their place: it names them as pricingRules[2].condition. */
export const faultsIn = (message: string): RuleFaults => {
  const faults = new Map<number, RuleFault[]>()
  for (const [, at, field = '', said = ''] of message.matchAll(/pricingRules\w*\[(\d+)\]\.?([\w.]*): (.*?)(?=; \w[\w.[\]]*: |$)/g))
    faults.set(Number(at), [...(faults.get(Number(at)) ?? []), { field, message: said }])
  return faults
}

/** Whether a text is JSON. Nothing is typed yet where it is empty. */
export const faultOfJson = (text: string): string | undefined => {
  if (!text.trim()) return undefined
  try {
    JSON.parse(text)
    return undefined
  } catch {
    return 'This is no JSON yet, such as {"*": [{"var": "revenue.rate_card_total"}, -0.1]}.'
  }
}
