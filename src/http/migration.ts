/** The newest migration, without which the code does not work. */
export const MIGRATION = '0008_events_named_licenses.sql'
