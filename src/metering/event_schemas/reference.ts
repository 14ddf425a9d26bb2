import { done, eventSchemaName, first, fourth, third } from '../../lib/examples.ts'

const MISSING = 'No event schema of the organization has this name.'
const UNFIT =
  'A name stands twice among the attributes, the dimensions and the enriched fields; a filter field is none of them; or eventIdTemplate is no template, or reads what no event of the schema has.'

const enrichments = {
  dependencies: [{ type: 'SETTING', key: 'setting.user.megabytesPerGigabyte', name: 'megabytesPerGigabyte' }],
  fields: [
    {
      name: 'gigabytes',
      type: 'ATTRIBUTE',
      enrichmentType: 'JSON_LOGIC',
      value: '{"/":[{"var":"attributes.size"},{"var":"dependencies.megabytesPerGigabyte"}]}',
      order: 1,
    },
  ],
}

const sent = {
  name: eventSchemaName,
  description: 'A file was delivered to a reader.',
  attributes: [{ name: 'size', defaultUnit: 'MB' }],
  dimensions: [{ name: 'region' }, { name: 'format' }],
  enrichments,
  filterFields: ['region'],
  eventIdTemplate: '${accountId}-${timestamp}-${dimensions.format}',
}

const shown = { ...sent, version: 1, status: 'DRAFT', eventLevelRevenue: false, createdAt: first, updatedAt: first }

const published = { ...shown, status: 'ACTIVE', updatedAt: third }

const added = { description: 'A file was delivered to a reader, by a channel.', dimensions: [{ name: 'channel' }] }

const extended = {
  ...published,
  description: added.description,
  version: 2,
  dimensions: [...sent.dimensions, ...added.dimensions],
  updatedAt: fourth,
}

const path = { event_schema_name: eventSchemaName }

const another = { path: { event_schema_name: 'page_view' } }

const activated = ['createEventSchema', 'createUsageMeter', 'activateEventSchema']

export const tags = {
  'Event Schemas': 'What events hold: their attributes and dimensions, what is added to them, and what is counted by.',
}

export const parameters = {
  event_schema_name: 'The name of the event schema.',
}

export const createEventSchema = {
  summary: 'Create an event schema',
  description:
    'Says what the events hold that name the schema: attributes, which are numbers, dimensions, which are texts, and fields that are added to each event. It is a draft, by which no event is processed, until it is activated.',
  refuses: {
    400: UNFIT,
    409: 'The name is taken, by an archived schema too.',
    422: 'There are 100 event schemas that are not archived already.',
  },
  example: {
    request: sent,
    answer: shown,
    other: { request: { name: 'page_view', attributes: [], dimensions: [{ name: 'page' }] } },
  },
}

export const listEventSchemas = {
  summary: 'List event schemas',
  description:
    'Lists the event schemas that are not archived, or those of a status, in their newest versions, last changed first unless asked otherwise, a page at a time.',
  refuses: { 400: '_sort names another field, or one twice.' },
  example: {
    after: ['createEventSchema'],
    query: { status: 'DRAFT', _search: 'file', _sort: 'updated_at:DESC', pageSize: 20 },
    answer: { data: [{ ...shown, usageMetersCount: 0 }], context: { pageSize: 20, sortOrder: 'DESC' } },
  },
}

export const getEventSchema = {
  summary: 'Read an event schema',
  description: 'Reads the newest version of an event schema or an older one, which is ARCHIVED. One that was deleted can be read as well.',
  refuses: { 404: 'The event schema does not exist, or has no such version.' },
  example: { after: ['createEventSchema'], path, query: { version: 1 }, answer: shown },
}

export const eventSchemaEventSchemaNamePatch = {
  summary: 'Change an event schema',
  description:
    'Replaces what is sent of a draft. To one that was published it adds: what is new in the lists that are sent is added to them, and what is there already must be as it was. With new attributes, dimensions or enrichments it has a new version, by which events are processed from then on.',
  refuses: {
    400: `${UNFIT} Or an enrichment that would be published is no rule, or needs a dependency that is not declared.`,
    404: MISSING,
    409: 'The event schema is archived; or what is sent would change what has been published, or take the attribute away by which the schema feeds a feature.',
  },
  example: {
    after: activated,
    path,
    request: added,
    answer: extended,
    other: { request: { description: 'A file was sent to a reader.' } },
  },
}

export const deleteEventSchema = {
  summary: 'Archive an event schema',
  description:
    'Archives an event schema that is a draft or inactive, that feeds no feature, and whose usage meters are all archived. It can still be read by its name, which stays taken.',
  refuses: {
    404: MISSING,
    409: 'The event schema is ACTIVE or archived, feeds a feature, or has usage meters that are not archived. The message names the feature, or the first ten meters.',
  },
  example: { after: ['createEventSchema'], path, answer: done, other: another },
}

export const listEventSchemaVersions = {
  summary: 'List the versions of an event schema',
  description: 'Lists all versions of an event schema, the newest first. The older ones are ARCHIVED.',
  refuses: { 404: MISSING },
  example: {
    after: [...activated, 'eventSchemaEventSchemaNamePatch'],
    path,
    answer: { data: [extended, { ...published, status: 'ARCHIVED' }] },
  },
}

export const activateEventSchema = {
  summary: 'Activate an event schema',
  description:
    'Has events processed by the schema from now on, and publishes what it says: from then on that can be added to only. One that is active stays as it is.',
  refuses: {
    404: MISSING,
    409: 'The event schema is archived, or an enrichment is no rule, or needs a dependency that is not declared. The message says which.',
  },
  example: { after: ['createEventSchema', 'createUsageMeter'], path, answer: published, other: another },
}

export const deactivateEventSchema = {
  summary: 'Deactivate an event schema',
  description:
    'Has no more events processed by the schema, of which no usage meter may be active. It can be activated again. One that is inactive stays as it is.',
  refuses: {
    404: MISSING,
    409: 'The event schema is a draft or archived, or has usage meters that are active. The message names the first ten.',
  },
  example: {
    after: activated,
    path,
    answer: { ...published, status: 'INACTIVE', updatedAt: fourth },
    other: another,
  },
}
