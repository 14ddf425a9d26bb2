import * as z from 'zod/mini'
import { described, identifier, named } from '../../lib/fields.ts'
import { pageQuery, paginatedPlainly } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'
import { QueryInput, asked, reportName } from '../reports/schema.ts'
import { SCHEDULES, TEMPLATE_STATUSES } from './table.ts'

const Schedule = () => described('A report is made at the end of each hour, of each day or of each month, in UTC.', z.enum(SCHEDULES))

const Status = () => described('Only a template that is ACTIVE makes reports.', z.enum(TEMPLATE_STATUSES))

export const CreateReportTemplateRequest = named(
  'CreateReportTemplateRequest',
  z.strictObject({ ...asked, schedule: Schedule() }),
  'Of the filters of queryInput, the args {{from}} and {{until}} stand for the first instant of the period and the first one after it.',
)
export type CreateReportTemplateRequest = z.infer<typeof CreateReportTemplateRequest>

export const UpdateReportTemplateRequest = named(
  'UpdateReportTemplateRequest',
  z.strictObject({ name: z.optional(reportName()), status: z.optional(Status()), schedule: z.optional(Schedule()) }),
  'What is sent replaces what was there.',
)
export type UpdateReportTemplateRequest = z.infer<typeof UpdateReportTemplateRequest>

export const ReportTemplate = named(
  'ReportTemplate',
  z.strictObject({
    id: z.string(),
    name: z.string(),
    account_id: z.optional(z.string()),
    queryInput: QueryInput,
    schedule: Schedule(),
    status: Status(),
    createdAt: dateTime(),
    updatedAt: dateTime(),
  }),
)
export type ReportTemplate = z.infer<typeof ReportTemplate>

export const ReportTemplatePath = z.strictObject({ report_template_id: identifier() })

export const ListReportTemplatesQuery = pageQuery({})
export type ListReportTemplatesQuery = z.infer<typeof ListReportTemplatesQuery>

export const ReportTemplatesPaginatedResponse = named('ReportTemplatesPaginatedResponse', paginatedPlainly(ReportTemplate))
export type ReportTemplatesPaginatedResponse = z.infer<typeof ReportTemplatesPaginatedResponse>
