import { linkTo } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { Table } from '../../parts/table.tsx'
import type { Row } from './rows.ts'
import type { Outcome } from './send.ts'

const STATES: Readonly<Record<Outcome['state'], readonly [words: string, tone: string]>> = {
  WRONG: ['Wrong', 'bad'],
  RIGHT: ['Right', 'good'],
  EXISTS: ['There already', 'calm'],
  MADE: ['Made', 'good'],
  REFUSED: ['Refused', 'bad'],
}

const State = ({ of }: { of: Outcome | undefined }) => {
  if (!of) return <span class="muted">Waits</span>
  const [words, tone] = STATES[of.state]
  return (
    <Badge of={words} tone={tone}>
      {words}
    </Badge>
  )
}

const whatOf = ({ customer, plan }: Row): string =>
  [customer ? 'customer and account' : 'account', plan && `plan from ${plan.effectiveFrom}`].filter(Boolean).join(', ')

/** The rows of a file, how far each has come, and what was said of it, by its line. */
export const RowTable = ({ rows, outcomes }: { rows: readonly Row[]; outcomes: ReadonlyMap<number, Outcome> }) => (
  <Table
    label="Rows of the file"
    rows={rows}
    keyOf={({ line }) => String(line)}
    columns={[
      { title: 'Line', cell: ({ line }) => line, isNumber: true },
      { title: 'State', cell: ({ line }) => <State of={outcomes.get(line)} /> },
      {
        title: 'Account',
        cell: ({ line, accountId, name }) =>
          ['MADE', 'EXISTS'].includes(outcomes.get(line)?.state ?? '') ? (
            <a href={linkTo('accounts', accountId)}>{name}</a>
          ) : (
            name || accountId
          ),
      },
      { title: 'Makes', cell: whatOf, isMinor: true },
      { title: 'What is wrong', cell: ({ line }) => outcomes.get(line)?.notes.map((note) => <div key={note}>{note}</div>) },
    ]}
  />
)
