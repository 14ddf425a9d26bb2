import { done, eventSchemaName, first, fourth, third } from '../../lib/examples.ts'

const MISSING = 'No event schema of the organization has this name.'
const UNFIT =
  'Two attributes, dimensions or enriched fields have the same name; a filter field is none of them; or eventIdTemplate is not a valid template, or uses a field that events of the schema do not have.'

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
  'Event Schemas': 'The attributes and dimensions of events, and the fields that are added to events when they arrive.',
}

export const parameters = {
  event_schema_name: 'The name of the event schema.',
}

export const createEventSchema = {
  summary: 'Create an event schema',
  description:
    'Defines the attributes (numbers) and dimensions (texts) of events, and the fields that are added to each event. The schema is a draft until it is activated, and a draft processes no events.',
  refuses: {
    400: UNFIT,
    409: 'Another schema has this name. It may be archived.',
    422: 'The organization already has 100 event schemas that are not archived.',
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
    'Lists the newest versions of event schemas, page by page. Without status, it lists all that are not archived. Without _sort, the schema that was changed last comes first.',
  refuses: { 400: '_sort contains an unknown field, or the same field twice.' },
  example: {
    after: ['createEventSchema'],
    query: { status: 'DRAFT', _search: 'file', _sort: 'updated_at:DESC', pageSize: 20 },
    answer: { data: [{ ...shown, usageMetersCount: 0 }], context: { pageSize: 20, sortOrder: 'DESC' } },
  },
}

export const getEventSchema = {
  summary: 'Read an event schema',
  description:
    'Reads an event schema, in its newest version or in the given one. Older versions have the status ARCHIVED. Deleted schemas can be read too.',
  refuses: { 404: 'The event schema does not exist, or does not have this version.' },
  example: { after: ['createEventSchema'], path, query: { version: 1 }, answer: shown },
}

export const eventSchemaEventSchemaNamePatch = {
  summary: 'Change an event schema',
  description:
    'In a draft, the fields that are sent replace the previous ones. In a schema that has been published, new entries of the lists that are sent are added, and existing entries must not differ. New attributes, dimensions or enrichments make a new version, which processes events from then on.',
  refuses: {
    400: `${UNFIT} Or a published schema would get an enrichment that is not a valid rule or uses an undeclared dependency.`,
    404: MISSING,
    409: 'The event schema is archived, or the request would change something that has been published, or remove the attribute that feeds a feature.',
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
    'Archives an event schema. It must be a draft or inactive, feed no feature, and all its usage meters must be archived. It can still be read by its name, and the name stays taken.',
  refuses: {
    404: MISSING,
    409: 'The event schema is ACTIVE or archived, feeds a feature, or has usage meters that are not archived. The message names the feature, or up to ten meters.',
  },
  example: { after: ['createEventSchema'], path, answer: done, other: another },
}

export const listEventSchemaVersions = {
  summary: 'List the versions of an event schema',
  description: 'Lists all versions of an event schema, the newest first. Older versions have the status ARCHIVED.',
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
    'Makes the schema process events from now on, and publishes it: later changes can only add to it. An active schema stays as it is.',
  refuses: {
    404: MISSING,
    409: 'The event schema is archived, or an enrichment is not a valid rule or uses an undeclared dependency. The message gives the reason.',
  },
  example: { after: ['createEventSchema', 'createUsageMeter'], path, answer: published, other: another },
}

export const deactivateEventSchema = {
  summary: 'Deactivate an event schema',
  description:
    'Makes the schema process no more events. None of its usage meters may be active. It can be activated again. An inactive schema stays as it is.',
  refuses: {
    404: MISSING,
    409: 'The event schema is a draft or archived, or has active usage meters. The message names up to ten of them.',
  },
  example: {
    after: activated,
    path,
    answer: { ...published, status: 'INACTIVE', updatedAt: fourth },
    other: another,
  },
}
