import type { Reader } from './reading.ts'
import { readEvents } from './read_events.ts'
import { readRevenue } from './read_revenue.ts'
import { readStoredRows } from './read_rows.ts'
import { readUsage } from './read_usage.ts'
import type { TableName } from './tables.ts'

/** How the rows of each table are read. */
export const READERS: Readonly<Record<TableName, Reader>> = {
  accounts: readStoredRows,
  customers: readStoredRows,
  events: readEvents,
  usage: readUsage,
  invoices: readStoredRows,
  license_entries: readStoredRows,
  revenue: readRevenue,
}
