/** What the values of a column are. TEXTS are several texts in one cell. */
export type ValueType = 'TEXT' | 'TIME' | 'NUMBER' | 'TEXTS'

/** A value: a text, milliseconds, a decimal as text, or texts. Null is nothing. */
export type Cell = string | number | readonly string[] | null

interface Table {
  columns: Readonly<Record<string, ValueType>>
  /** The tables whose columns can be read with those of this one. */
  relations?: readonly string[]
}

/** The tables of reports and their columns (metering.md, 10). Nothing else is ever asked for. */
const TABLES = {
  accounts: {
    columns: {
      account_id: 'TEXT',
      customer_id: 'TEXT',
      name: 'TEXT',
      invoice_currency: 'TEXT',
      primary_email: 'TEXT',
      created_at: 'TIME',
      tags: 'TEXTS',
    },
    relations: ['customers'],
  },
  customers: { columns: { id: 'TEXT', name: 'TEXT' } },
  events: {
    columns: { event_id: 'TEXT', account_id: 'TEXT', customer_id: 'TEXT', ingestion_status: 'TEXT', event_source_time: 'TIME' },
  },
  usage: { columns: { account_id: 'TEXT', customer_id: 'TEXT', billable_id: 'TEXT', usage_units: 'NUMBER', event_time: 'TIME' } },
  invoices: {
    columns: {
      id: 'TEXT',
      owner_id: 'TEXT',
      status: 'TEXT',
      class: 'TEXT',
      total_amount: 'NUMBER',
      due_date: 'TIME',
      created_at: 'TIME',
    },
  },
  license_entries: {
    columns: { account_id: 'TEXT', license_id: 'TEXT', effective_from: 'TIME', created_at: 'TIME', quantity: 'NUMBER' },
  },
  revenue: {
    columns: {
      account_id: 'TEXT',
      customer_id: 'TEXT',
      billable_id: 'TEXT',
      revenue_invoice_currency: 'NUMBER',
      revenue_base_currency: 'NUMBER',
      revenue_time: 'TIME',
    },
  },
} as const satisfies Record<string, Table>

export type TableName = keyof typeof TABLES

export const TABLE_NAMES = Object.keys(TABLES) as readonly TableName[]

export const isTable = (name: string): name is TableName => Object.hasOwn(TABLES, name)

export const tableOf = (name: TableName): Table => TABLES[name]

/** The type of a column. Undefined if the table has no such column. */
export const typeOf = (table: TableName, column: string): ValueType | undefined => {
  const { columns } = tableOf(table)
  return Object.hasOwn(columns, column) ? columns[column] : undefined
}
