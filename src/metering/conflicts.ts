/*
 * Metering owns event schemas, which say what events hold, and usage meters, which say what is counted of them.
 * Events are processed by them, and price plans bill what they count.
 * Never wrong: the version of the schema and of the meter that an event was processed by.
 */
import type { ConflictWords } from '../db/conflicts.ts'

const metersOf = (names: string, count: string): string => `"${names}"${Number(count) < 11 ? '' : ' and more'}`

/** The messages of the conflicts that the triggers of the metering domain raise. */
export const meteringConflicts: ConflictWords = {
  EVENT_SCHEMA_TAKEN: {
    field: 'name',
    say: (name, status) => `the event schema "${name}" exists already${status === 'ARCHIVED' ? ', and is archived' : ''}`,
  },
  TOO_MANY_EVENT_SCHEMAS: {
    code: 'UNPROCESSABLE',
    say: (count) => `There are ${count} event schemas that are not archived, and there can be no more`,
  },
  EVENT_SCHEMA_NOT_FOUND: { code: 'NOT_FOUND', field: 'eventSchemaName', say: (name) => `the event schema "${name}" does not exist` },
  EVENT_SCHEMA_ARCHIVED: { field: 'eventSchemaName', say: (name) => `the event schema "${name}" is archived` },
  EVENT_SCHEMA_HAS_ACTIVE_METERS: {
    say: (name, meters, count) => `The event schema "${name}" has usage meters that are active: ${metersOf(meters ?? '', count ?? '')}`,
  },
  EVENT_SCHEMA_HAS_METERS: {
    say: (name, meters, count) =>
      `The event schema "${name}" has usage meters that are not archived: ${metersOf(meters ?? '', count ?? '')}`,
  },
  EVENT_SCHEMA_NOT_ACTIVE: {
    say: (meter, schema, status) => `The usage meter "${meter}" cannot be activated while its event schema "${schema}" is ${status}`,
  },
  USAGE_METER_TAKEN: {
    field: 'name',
    say: (name, id, status) => `the usage meter "${name}" exists already, as ${id}${status === 'ARCHIVED' ? ', and is archived' : ''}`,
  },
  TOO_MANY_USAGE_METERS: {
    code: 'UNPROCESSABLE',
    say: (count) => `There are ${count} usage meters that are not archived, and there can be no more`,
  },
  FILTER_FIELD_UNKNOWN: {
    code: 'INVALID',
    field: 'filters',
    say: (field, schema) => `"${field}" is not one of the filterFields of the event schema "${schema}"`,
  },
  METER_FILTER_GONE: {
    say: (meter, field, schema) =>
      `The usage meter "${meter}" filters by "${field}", which is no longer one of the filterFields of the event schema "${schema}"`,
  },
}
