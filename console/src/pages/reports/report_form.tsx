import { useState } from 'preact/hooks'
import { api, read } from '../../parts/client.ts'
import { ChoiceField, Form, TextField } from '../../parts/form.tsx'
import { wordsOf } from '../../parts/format.ts'
import { RowEditor } from '../../parts/row_editor.tsx'
import { requireNumber } from '../../parts/typed.ts'
import { AGGREGATORS, type ColumnDraft, type FilterDraft, OPERATORS, TABLES, queryOf } from './tables.ts'

const columnsOf = (table: string): ColumnDraft[] =>
  (TABLES[table] ?? []).map(([column, kind]) => ({ column, aggregator: kind === 'number' && table !== 'invoices' ? 'sum' : '' }))

const SCHEDULES = [
  ['HOURLY', 'Each hour'],
  ['DAILY', 'Each day'],
  ['MONTHLY', 'Each month'],
] as const

/** Asks for a report, once or each period. */
export const ReportForm = ({ close }: { close: () => void }) => {
  const [name, setName] = useState('')
  const [table, setTable] = useState('usage')
  const [schedule, setSchedule] = useState('')
  const [columns, setColumns] = useState<readonly ColumnDraft[]>(columnsOf('usage'))
  const [filters, setFilters] = useState<readonly FilterDraft[]>([])
  const [limit, setLimit] = useState('100000')
  const choices = (TABLES[table] ?? []).map(([column]) => [column, wordsOf(column)] as const)
  const chooseTable = (next: string): void => {
    setTable(next)
    setColumns(columnsOf(next))
    setFilters([])
  }
  const send = () => {
    const queryInput = queryOf(table, columns, filters, requireNumber(limit, 'Rows at most'))
    if (!schedule) return read(api.POST('/reports', { body: { name, queryInput } }))
    return read(api.POST('/report_templates', { body: { name, queryInput, schedule: schedule as 'DAILY' } }))
  }
  return (
    <Form action={schedule ? 'Keep this report' : 'Make report'} send={send} done={close} cancel={close}>
      <div class="columns">
        <TextField label="Name" path="name" value={name} set={setName} />
        <ChoiceField label="About" path="queryInput.baseDataSource" value={table} set={chooseTable} of={Object.keys(TABLES)} />
        <ChoiceField label="Made" path="schedule" value={schedule} set={setSchedule} none="Once, now" of={SCHEDULES} isOptional />
        <TextField label="Rows at most" path="queryInput.limit" value={limit} set={setLimit} isNumber />
      </div>
      <RowEditor title="Columns" rows={columns} set={setColumns} empty={{ column: choices[0]?.[0] ?? '', aggregator: '' }} add="Add column">
        {({ column, aggregator }, change, at) => (
          <>
            <ChoiceField
              label="Column"
              path={`queryInput.selects[${at}].columnName`}
              value={column}
              set={(next) => change({ column: next })}
              of={choices}
            />
            <ChoiceField
              label="Added up by"
              path={`queryInput.selects[${at}].aggregator`}
              value={aggregator}
              set={(next) => change({ aggregator: next })}
              none="Not added up: a row for each"
              of={AGGREGATORS.map((one) => [one, one] as const)}
              isOptional
            />
          </>
        )}
      </RowEditor>
      <RowEditor
        title="Only rows in which"
        rows={filters}
        set={setFilters}
        empty={{ column: choices[0]?.[0] ?? '', operator: 'eq', value: '' }}
        add="Add filter"
      >
        {({ column, operator, value }, change, at) => (
          <>
            <ChoiceField
              label="Column"
              path={`queryInput.queryFilters[${at}].column`}
              value={column}
              set={(next) => change({ column: next })}
              of={choices}
            />
            <div class="columns">
              <ChoiceField
                label="How"
                path={`queryInput.queryFilters[${at}].operator`}
                value={operator}
                set={(next) => change({ operator: next })}
                of={OPERATORS}
              />
              <TextField
                label="Value"
                path={`queryInput.queryFilters[${at}].args`}
                value={value}
                set={(next) => change({ value: next })}
                hint={schedule ? '{{from}} and {{until}} are the period.' : 'A time as 2026-10-01T00:00:00Z'}
              />
            </div>
          </>
        )}
      </RowEditor>
    </Form>
  )
}
