import { accountId, reportTemplateId, second, third } from '../../lib/examples.ts'

const MISSING = 'No report template of the organization has this id.'

const queryInput = {
  selects: [{ columnName: 'billable_id' }, { columnName: 'usage_units', aggregator: 'sum', alias: 'Units' }],
  baseDataSource: 'usage',
  queryFilters: [
    { column: { columnName: 'event_time' }, operator: 'gte', args: ['{{from}}'] },
    { column: { columnName: 'event_time' }, operator: 'lt', args: ['{{until}}'] },
  ],
  sort: [{ column: { columnName: 'billable_id' }, sortOrder: 'ASC' }],
  limit: 1000,
}

const sent = { name: 'Usage', queryInput, account_id: accountId, schedule: 'DAILY' }

const shown = { id: reportTemplateId, ...sent, status: 'ACTIVE', createdAt: second, updatedAt: second }

const path = { report_template_id: reportTemplateId }

const made = ['createCustomer', 'createReportTemplate']

export const parameters = {
  report_template_id: 'The id of the report template, as it was answered when it was made.',
}

export const createReportTemplate = {
  summary: 'Create a report template',
  description:
    'Keeps a query of which a report is made when each hour, day or month ends, in UTC. In the filters of queryInput, the args {{from}} and {{until}} stand for the first instant of the period that has ended and the first one after it, so that {{from}} belongs with gte and {{until}} with lt. One report is made of each period, and its file is named after the template and the ends of the period. If nothing could be made for a long time, the reports of at most 48 periods are made afterwards.',
  refuses: {
    400: 'The query names what is not there, as in createReport.',
    404: 'The account of account_id does not exist.',
  },
  example: {
    after: ['createCustomer'],
    request: sent,
    answer: shown,
    other: { request: { ...sent, name: 'Usage by the hour', schedule: 'HOURLY' } },
  },
}

export const listReportTemplates = {
  summary: 'List report templates',
  description: 'Lists the report templates of the organization, the newest first, page by page.',
  example: { after: made, query: { pageSize: 20 }, answer: { data: [shown] } },
}

export const getReportTemplate = {
  summary: 'Read a report template',
  description: 'Reads a report template, whether it is active or not.',
  refuses: { 404: MISSING },
  example: { after: made, path, answer: shown },
}

export const updateReportTemplate = {
  summary: 'Change a report template',
  description:
    'Replaces what is sent. A template that is INACTIVE makes no reports, and what ended meanwhile gets none afterwards. With another schedule, or when it becomes ACTIVE, the next report is made when the period ends that lasts now.',
  refuses: { 404: MISSING },
  example: {
    after: made,
    path,
    request: { status: 'INACTIVE' },
    answer: { ...shown, status: 'INACTIVE', updatedAt: third },
    other: { request: { name: 'Usage of Acme' } },
  },
}
