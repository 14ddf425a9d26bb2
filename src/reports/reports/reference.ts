import { accountId, fileId, reportId, second, signature } from '../../lib/examples.ts'

const MISSING = 'No report of the organization has this id.'

const queryInput = {
  selects: [{ columnName: 'account_id' }, { columnName: 'name' }, { columnName: 'created_at', alias: 'Customer since' }],
  baseDataSource: 'accounts',
  queryFilters: [{ column: { columnName: 'created_at' }, operator: 'gte', args: ['2026-01-01T00:00:00Z'] }],
  sort: [{ column: { columnName: 'account_id' }, sortOrder: 'ASC' }],
  limit: 1000,
}

const sent = { name: 'Account', queryInput, account_id: accountId }

const queued = { id: reportId, ...sent, status: 'QUEUED', createdAt: second, updatedAt: second, type: 'QUERY' }

const made = {
  ...queued,
  status: 'COMPLETED',
  fileId,
  preSignedUrl: `https://api.example.com/downloads/${fileId}?until=1774868520&signature=${signature}`,
}

const usage = {
  selects: [
    { columnName: 'account_id' },
    { columnName: 'event_time', functions: [{ name: 'date_trunc', args: ['day'] }], alias: 'Day' },
    { columnName: 'usage_units', aggregator: 'sum', alias: 'Units' },
  ],
  baseDataSource: 'usage',
  queryFilters: [
    { column: { columnName: 'event_time' }, operator: 'gte', args: ['2026-03-01T00:00:00Z'] },
    { column: { columnName: 'event_time' }, operator: 'lt', args: ['2026-04-01T00:00:00Z'] },
  ],
  sort: [
    { column: { columnName: 'account_id' }, sortOrder: 'ASC' },
    { column: { columnName: 'event_time', functions: [{ name: 'date_trunc', args: ['day'] }] }, sortOrder: 'ASC' },
  ],
  limit: 100_000,
}

export const tags = {
  Reports: 'Queries over accounts, customers, events, usage, invoices, licences and revenue, and the CSV files that are made of them.',
}

export const parameters = {
  report_id: 'The id of the report, as it was answered when it was made.',
}

export const listReports = {
  summary: 'List reports',
  description:
    'Lists reports, the newest first, page by page. A report that is COMPLETED has a link to its file, which ends after 15 minutes. A portal token sees the reports of its accounts only.',
  refuses: {
    400: 'fetchFor is ACCOUNTS without an account_id, or ORGANIZATION with one.',
    403: 'A portal token asks for an account that is not its own.',
  },
  example: {
    after: ['createCustomer', 'createReport', 'createReport.other'],
    query: { fetchFor: 'ACCOUNTS', account_id: accountId, pageSize: 20 },
    answer: { data: [made] },
  },
}

export const createReport = {
  summary: 'Create a report',
  description:
    'Makes a CSV file of a query, after the answer: a small report takes a moment, a large one some minutes. The tables are accounts (account_id, customer_id, name, invoice_currency, primary_email, created_at, tags), customers (id, name), events (event_id, account_id, customer_id, ingestion_status, event_source_time), usage (account_id, customer_id, billable_id, usage_units, event_time: a row for each account, meter and hour), invoices (id, owner_id, status, class, total_amount, due_date, created_at), license_entries (account_id, license_id, effective_from, created_at, quantity) and revenue (account_id, customer_id, billable_id, revenue_invoice_currency, revenue_base_currency, revenue_time: a row for each account, billable item and hour, and for each line that a person has written). accounts can be read with the columns of its customers, whose dataSource is customers. Usage and revenue are decimals. What is made after a report has begun is not in it. A report of more than 100,000 rows, 50,000 groups or 32 MB has FAILED; its failureReason says how to ask for less.',
  refuses: {
    400: 'The query names a table, a column, a function, an aggregator or an operator that is not there, or compares it with something else than it is. The message says what is possible at each place.',
    404: 'The account of account_id does not exist.',
  },
  example: {
    after: ['createCustomer'],
    request: sent,
    answer: queued,
    other: { request: { name: 'Usage by day', queryInput: usage } },
  },
}

export const getReport = {
  summary: 'Read a report',
  description: 'Reads a report. When it is COMPLETED, it has a file, and a link to it that needs no token and ends after 15 minutes.',
  refuses: { 403: 'A portal token reads reports of its accounts only.', 404: MISSING },
  example: { after: ['createCustomer', 'createReport'], path: { report_id: reportId }, answer: made },
}
