import type { Schemas } from '../../parts/client.ts'

/** The tables of which reports are made, with their columns: those that hold numbers can be added up. */
export const TABLES: Readonly<Record<string, readonly (readonly [column: string, kind: 'text' | 'number' | 'time'])[]>> = {
  usage: [
    ['account_id', 'text'],
    ['customer_id', 'text'],
    ['billable_id', 'text'],
    ['event_time', 'time'],
    ['usage_units', 'number'],
  ],
  revenue: [
    ['account_id', 'text'],
    ['customer_id', 'text'],
    ['billable_id', 'text'],
    ['revenue_time', 'time'],
    ['revenue_invoice_currency', 'number'],
    ['revenue_base_currency', 'number'],
  ],
  invoices: [
    ['id', 'text'],
    ['owner_id', 'text'],
    ['status', 'text'],
    ['class', 'text'],
    ['total_amount', 'number'],
    ['due_date', 'time'],
    ['created_at', 'time'],
  ],
  events: [
    ['event_id', 'text'],
    ['account_id', 'text'],
    ['customer_id', 'text'],
    ['ingestion_status', 'text'],
    ['event_source_time', 'time'],
  ],
  license_entries: [
    ['account_id', 'text'],
    ['license_id', 'text'],
    ['quantity', 'number'],
    ['effective_from', 'time'],
    ['created_at', 'time'],
  ],
  accounts: [
    ['account_id', 'text'],
    ['customer_id', 'text'],
    ['name', 'text'],
    ['invoice_currency', 'text'],
    ['primary_email', 'text'],
    ['created_at', 'time'],
    ['tags', 'text'],
  ],
  customers: [
    ['id', 'text'],
    ['name', 'text'],
  ],
}

export const AGGREGATORS = ['sum', 'count', 'avg', 'min', 'max'] as const
export const OPERATORS = [
  ['eq', 'is'],
  ['neq', 'is not'],
  ['in', 'is one of, with commas'],
  ['gte', 'is or is after'],
  ['gt', 'is above or after'],
  ['lt', 'is below or before'],
  ['lte', 'is or is before'],
] as const

export interface ColumnDraft {
  column: string
  aggregator: string
}

export interface FilterDraft {
  column: string
  operator: string
  value: string
}

/** The query of a report, as the API takes it. The first column without an aggregator sorts it. */
export const queryOf = (
  table: string,
  columns: readonly ColumnDraft[],
  filters: readonly FilterDraft[],
  limit: number,
): Schemas['QueryInput'] => {
  const selects = columns.map(({ column, aggregator }) => ({ columnName: column, ...(aggregator && { aggregator }) }))
  const sorted = columns.find(({ aggregator }) => !aggregator)
  return {
    selects,
    baseDataSource: table,
    queryFilters: filters.map(({ column, operator, value }) => ({
      column: { columnName: column },
      operator,
      args:
        operator === 'in'
          ? value
              .split(',')
              .map((one) => one.trim())
              .filter(Boolean)
          : [value],
    })),
    sort: sorted ? [{ column: { columnName: sorted.column }, sortOrder: 'ASC' }] : [],
    limit,
  }
}
