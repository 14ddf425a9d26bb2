import * as z from 'zod/mini'
import { described, displayName, identifier, label, list, named, text, whole } from '../../lib/fields.ts'
import { pageQuery, paginatedPlainly } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { REPORT_STATUSES, REPORT_TYPES } from './table.ts'

/** The most rows of a report. */
export const MOST_ROWS = 100_000

const word = (description: string) => described(description, label(1, 100))

const arg = () => text(1000)

export const QueryFunction = named(
  'QueryFunction',
  z.strictObject({
    name: word('date_trunc or abs.'),
    args: described('The unit of date_trunc, in UTC: hour, day, week (from Monday on), month or year. abs takes none.', list(arg(), 0, 10)),
  }),
)

export const QueryColumn = named(
  'QueryColumn',
  z.strictObject({
    columnName: word('A column of the table.'),
    dataSource: z.optional(word('The table of the column, by default baseDataSource. accounts can be read together with customers.')),
    alias: z.optional(described('What the header of the CSV calls it.', displayName(1, 255))),
    functions: z.optional(described('What is made of it, one after the other.', list(QueryFunction, 0, 5))),
    aggregator: z.optional(
      word('sum, count, avg, min or max. Then there is one row for each combination of what is selected without an aggregator.'),
    ),
  }),
)
export type QueryColumn = z.infer<typeof QueryColumn>

export const QueryFilter = named(
  'QueryFilter',
  z.strictObject({
    column: described('A column of the table, selected or not. With an aggregator, groups are filtered.', QueryColumn),
    operator: word('gt, lt, gte, lte, eq, neq, in or nin.'),
    args: described(
      'What the column is compared with: one text for most operators, and for in and nin one or more. Times are ISO 8601, by default in UTC.',
      list(arg(), 1, 1000),
    ),
  }),
)
export type QueryFilter = z.infer<typeof QueryFilter>

export const QueryInputSortInner = named(
  'QueryInputSortInner',
  z.strictObject({
    column: described('A column, selected or not. Among groups, one that is selected, or one with an aggregator.', QueryColumn),
    sortOrder: word('ASC or DESC.'),
  }),
)

export const QueryInput = named(
  'QueryInput',
  z.strictObject({
    selects: described('The columns of the CSV.', list(QueryColumn, 1, 50)),
    queryFilters: z.optional(described('All of these must be met.', list(QueryFilter, 0, 20))),
    baseDataSource: word('accounts, customers, events, usage, invoices, license_entries or revenue.'),
    sort: described(
      'In which order the rows are. Rows that are equal in it stay in the order in which they were read.',
      list(QueryInputSortInner, 0, 10),
    ),
    seekValues: z.optional(
      described(
        'Only rows after these, one for each entry of sort, are in the report. An empty text stands for nothing.',
        list(arg(), 0, 10),
      ),
    ),
    limit: described('The most rows.', whole(1, MOST_ROWS, 'int32')),
  }),
)
export type QueryInput = z.infer<typeof QueryInput>

const name = () => described('What it is called. The file is named after it.', displayName(1, 255))

const accountId = () =>
  described('The account that it is of. Then it has rows of this account only, and a portal token of it reads it.', identifier())

/** What a report and a template are made of. */
export const asked = { name: name(), queryInput: QueryInput, account_id: z.optional(accountId()) }

export const reportName = name

export const CreateReportRequest = named('CreateReportRequest', z.strictObject(asked))
export type CreateReportRequest = z.infer<typeof CreateReportRequest>

const ReportStatus = named('ReportStatus', z.enum(REPORT_STATUSES))
const ReportType = named('ReportType', z.enum(REPORT_TYPES))

export const Report = named(
  'Report',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    account_id: z.optional(z.string()),
    status: ReportStatus,
    fileId: z.optional(described('The file, when the report is COMPLETED.', z.string())),
    queryInput: z.optional(QueryInput),
    reportTemplateId: z.optional(described('The template that made the report.', z.string())),
    createdAt: dateTime(),
    updatedAt: dateTime(),
    preSignedUrl: z.optional(
      described('A link to the file that needs no token and ends after 15 minutes. Each reading makes another.', z.string()),
    ),
    type: z.optional(ReportType),
    failureReason: z.optional(described('Why the report has FAILED, and how to ask for less.', z.string())),
  }),
)
export type Report = z.infer<typeof Report>

export const ReportPath = z.strictObject({ report_id: identifier() })

const FETCHED = ['ALL', 'ORGANIZATION', 'ACCOUNTS'] as const

export const ListReportsQuery = pageQuery({
  fetchFor: z.optional(
    described(
      'ORGANIZATION shows reports of no account, ACCOUNTS those of account_id. ALL shows both and those of all other accounts, or with account_id those of this account. By default ACCOUNTS with account_id, and ORGANIZATION without.',
      z.enum(FETCHED),
    ),
  ),
  account_id: z.optional(described('Shows the reports of one account.', identifier())),
})
export type ListReportsQuery = z.infer<typeof ListReportsQuery>

export const ReportsPaginatedResponse = named('ReportsPaginatedResponse', paginatedPlainly(Report))
export type ReportsPaginatedResponse = z.infer<typeof ReportsPaginatedResponse>
