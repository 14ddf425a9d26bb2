import { done, eventSchemaName, fifth, fourth, second, third, usageMeterId } from '../../lib/examples.ts'

const MISSING = 'No usage meter of the organization has this id.'
const UNFIT =
  'A matcher or a computation is no rule of JSON Logic, and the message says where; the computation of a COUNT is not 1; or a filter names what is not one of the filterFields of the event schema.'
const NO_SCHEMA = 'The event schema that is named does not exist.'

const sent = {
  name: 'delivered_gigabytes',
  billableName: 'Delivered gigabytes',
  description: 'Gigabytes delivered in Europe, without previews',
  filters: [{ field: 'region', value: 'eu' }],
  type: 'COUNTER',
  aggregation: 'SUM',
  computations: [{ matcher: '{"!=":[{"var":"dimensions.format"},"preview"]}', computation: '{"var":"attributes.gigabytes"}', order: 1 }],
}

const shown = { id: usageMeterId, ...sent, displayName: sent.billableName, status: 'DRAFT', createdAt: second, updatedAt: second }

const active = { ...shown, status: 'ACTIVE', lastActivatedAt: fourth, updatedAt: fourth }

const path = { usage_meter_id: usageMeterId }

const another = { path: { usage_meter_id: 'um.0VFLWOg4mEt.00000' } }

const made = ['createEventSchema', 'createUsageMeter']

const activated = [...made, 'activateEventSchema', 'activateUsageMeter']

export const tags = {
  'Usage Meters': 'What is counted of events: of which of them, and how much of each.',
}

export const parameters = {
  usage_meter_id: 'The id of the usage meter, as it was answered when it was made.',
}

export const createUsageMeter = {
  summary: 'Create a usage meter',
  description:
    'Says which events of a schema are counted, and how: by their number, or by the sum of what is computed of each. It is a draft, which counts nothing, until it is activated.',
  refuses: {
    400: UNFIT,
    404: NO_SCHEMA,
    409: 'The name is taken, by an archived usage meter too, or the event schema is archived.',
    422: 'There are 100 usage meters that are not archived already.',
  },
  example: {
    after: ['createEventSchema'],
    request: { ...sent, eventSchemaName },
    answer: shown,
    other: { request: { name: 'deliveries', type: 'COUNTER', aggregation: 'COUNT', eventSchemaName } },
  },
}

export const getUsageMetersForEventSchema = {
  summary: 'List usage meters',
  description:
    'Lists the usage meters that are not archived, or those of a status, last changed first unless asked otherwise, a page at a time. The filters can be combined.',
  refuses: { 400: 'aggregation and aggregations come together and differ; or _sort names another field, or one twice.' },
  example: {
    after: made,
    query: {
      status: 'DRAFT',
      aggregation: 'SUM',
      event_schema_name: eventSchemaName,
      _search: 'delivered',
      _sort: 'updated_at:DESC',
      pageSize: 20,
    },
    instead: { id: usageMeterId, aggregations: 'SUM' },
    answer: { data: [shown], context: { pageSize: 20, sortOrder: 'DESC' } },
  },
}

export const getUsageMeter = {
  summary: 'Read a usage meter',
  description: 'Reads a usage meter, archived or not, with its event schema if that is asked for.',
  refuses: { 404: MISSING },
  example: { after: made, path, query: { includeSchema: false }, answer: shown },
}

export const updateUsageMeter = {
  summary: 'Change a usage meter',
  description:
    'Replaces the fields that are sent, a list as a whole. Of one that is active only billableName and description can be changed. What was counted before stays as it is.',
  refuses: {
    400: UNFIT,
    404: `${MISSING} Or the event schema that is named does not exist.`,
    409: 'The usage meter is archived, or is ACTIVE and more than billableName and description would change; the name is taken; or the event schema is archived.',
  },
  example: {
    after: made,
    path,
    request: { billableName: 'Gigabytes in Europe', filters: [{ field: 'region', value: 'eu-west' }] },
    answer: {
      ...shown,
      billableName: 'Gigabytes in Europe',
      displayName: 'Gigabytes in Europe',
      filters: [{ field: 'region', value: 'eu-west' }],
      updatedAt: third,
    },
    other: { request: { description: 'Gigabytes delivered in Europe' } },
  },
}

export const deleteUsageMeter = {
  summary: 'Archive a usage meter',
  description: 'Archives a usage meter that is a draft or inactive. It can still be read by its id, and its name stays taken.',
  refuses: { 404: MISSING, 409: 'The usage meter is ACTIVE or archived.' },
  example: { after: made, path, answer: done, other: another },
}

export const activateUsageMeter = {
  summary: 'Activate a usage meter',
  description: 'Counts events from now on, whose schema must be active. One that is active stays as it is.',
  refuses: {
    404: MISSING,
    409: 'The usage meter is archived, or adds up and has no computation; or its event schema is not ACTIVE, or no longer has the fields by which it filters. The message says which.',
  },
  example: { after: [...made, 'activateEventSchema'], path, answer: active, other: another },
}

export const deactivateUsageMeter = {
  summary: 'Deactivate a usage meter',
  description:
    'Counts no more events, though price plans bill by the meter: what was counted stays. It can be activated again. One that is inactive stays as it is.',
  refuses: { 404: MISSING, 409: 'The usage meter is a draft or archived.' },
  example: { after: activated, path, answer: { ...active, status: 'INACTIVE', updatedAt: fifth }, other: another },
}
