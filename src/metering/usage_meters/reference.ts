import { done, eventSchemaName, fifth, fourth, second, third, usageMeterId } from '../../lib/examples.ts'

const MISSING = 'No usage meter of the organization has this id.'
const UNFIT =
  'A matcher or a computation is not a valid JSON Logic rule (the message says where); the computation of a COUNT meter is not 1; or a filter names a field that is not in the filterFields of the event schema.'
const NO_SCHEMA = 'The event schema does not exist.'

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
  'Usage Meters': 'Which events are counted, and how much each of them adds.',
}

export const parameters = {
  usage_meter_id: 'The id of the usage meter, from the answer to its creation.',
}

export const createUsageMeter = {
  summary: 'Create a usage meter',
  description:
    'Defines which events of a schema are counted, and how: either the number of events, or the sum of a value that is computed for each event. The meter is a draft until it is activated, and a draft counts nothing.',
  refuses: {
    400: UNFIT,
    404: NO_SCHEMA,
    409: 'Another usage meter, which may be archived, has this name; or the event schema is archived.',
    422: 'The organization already has 100 usage meters that are not archived.',
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
    'Lists usage meters, page by page. Without status, it lists all that are not archived. Without _sort, the meter that was changed last comes first. All filters can be combined.',
  refuses: { 400: 'aggregation and aggregations are both given and differ; or _sort contains an unknown field, or the same field twice.' },
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
  description: 'Reads a usage meter, which may be archived. With includeSchema, the answer contains its event schema.',
  refuses: { 404: MISSING },
  example: { after: made, path, query: { includeSchema: false }, answer: shown },
}

export const updateUsageMeter = {
  summary: 'Change a usage meter',
  description:
    'Replaces the fields that are sent. A list is replaced as a whole. Of an active meter, only billableName and description can be changed. Units that were counted before do not change.',
  refuses: {
    400: UNFIT,
    404: `${MISSING} Or the event schema does not exist.`,
    409: 'The usage meter is archived; it is ACTIVE and the request would change more than billableName and description; another meter has the name; or the event schema is archived.',
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
  description: 'Archives a usage meter. It must be a draft or inactive. It can still be read by its id, and its name stays taken.',
  refuses: { 404: MISSING, 409: 'The usage meter is ACTIVE or archived.' },
  example: { after: made, path, answer: done, other: another },
}

export const activateUsageMeter = {
  summary: 'Activate a usage meter',
  description: 'Makes the meter count events from now on. Its event schema must be active. An active meter stays as it is.',
  refuses: {
    404: MISSING,
    409: 'The usage meter is archived; it is a SUM without a computation; or its event schema is not ACTIVE, or no longer has the fields of its filters. The message gives the reason.',
  },
  example: { after: [...made, 'activateEventSchema'], path, answer: active, other: another },
}

export const deactivateUsageMeter = {
  summary: 'Deactivate a usage meter',
  description:
    'Makes the meter count no more events, even if price plans use it. Units that were counted stay. It can be activated again. An inactive meter stays as it is.',
  refuses: { 404: MISSING, 409: 'The usage meter is a draft or archived.' },
  example: { after: activated, path, answer: { ...active, status: 'INACTIVE', updatedAt: fifth }, other: another },
}
