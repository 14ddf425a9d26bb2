import type { Schemas } from './client.ts'
import { Empty } from './page.tsx'
import { Table } from './table.tsx'

type Rule = Schemas['PricingRule']

const actionOf = ({ action: { type, target, id, description } }: Rule): string =>
  type === 'UPDATE' ? `Sets ${target ?? ''}` : `Adds ${[description, id && `as ${id}`].filter(Boolean).join(' ') || 'a line'}`

/** Pricing rules in the order in which they run. */
export const RuleTable = ({ rules }: { rules: readonly Rule[] }) => (
  <Table
    label="Pricing rules"
    rows={rules.toSorted((one, other) => one.order - other.order)}
    keyOf={({ id }) => id}
    empty={<Empty title="There is no pricing rule." />}
    columns={[
      { title: 'Order', cell: ({ order }) => order, isNumber: true, isMinor: true },
      { title: 'Rule', cell: ({ name }) => name },
      { title: 'Bills', cell: ({ invoiceTiming }) => (invoiceTiming === 'IN_ADVANCE' ? 'in advance' : 'after the cycle'), isMinor: true },
      { title: 'If', cell: ({ condition }) => (condition ? <code>{condition}</code> : 'always') },
      {
        title: 'Then',
        cell: (rule) => (
          <>
            {actionOf(rule)}: <code>{rule.computation}</code>
          </>
        ),
      },
    ]}
  />
)
