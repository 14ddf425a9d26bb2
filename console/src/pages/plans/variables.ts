import type { Variable } from '../../parts/rules_editor.tsx'
import type { CardDraft, CardKind } from './draft.ts'

/** How rules name the cards of a kind, and whether such a card has units. */
const KEYS: Readonly<Record<CardKind, readonly [key: string, hasUsage: boolean]>> = {
  fee: ['ff', false],
  usage: ['urc', true],
  licence: ['lic', true],
  entitlement: ['ber', false],
  overage: ['eo', true],
  grant: ['cg', false],
}

type PricedCard = Pick<CardDraft, 'kind' | 'billable' | 'tag'>

/** What the rules of a plan with these cards can read. */
export const variablesOf = (cards: readonly PricedCard[], nameOf: (id: string) => string): Variable[] => {
  const named = cards.filter(({ billable }) => billable)
  const tags = [...new Set(cards.map(({ tag }) => tag).filter(Boolean))]
  return [
    ...named.flatMap(({ kind, billable }) => {
      const [key, hasUsage] = KEYS[kind]
      const name = nameOf(billable)
      return [
        { name: `revenue.${key}.${billable}`, means: `What ${name} costs`, isTarget: true },
        ...(hasUsage ? [{ name: `usage.${key}.${billable}`, means: `Units of ${name}`, isTarget: true }] : []),
        ...(kind === 'grant' ? [{ name: `credit.${key}.${billable}`, means: `The credit that ${name} grants`, isTarget: false }] : []),
      ]
    }),
    ...tags.flatMap((tag) => [
      { name: `revenue.tag.${tag}`, means: `What all cards of the tag ${tag} cost`, isTarget: false },
      { name: `usage.tag.${tag}`, means: `Units of all cards of the tag ${tag}`, isTarget: false },
    ]),
    { name: 'revenue.rate_card_total', means: 'What all cards cost', isTarget: false },
    { name: 'invoice.start_date', means: 'The beginning of the cycle', isTarget: false },
    { name: 'invoice.end_date', means: 'The instant at which it ends', isTarget: false },
  ]
}
