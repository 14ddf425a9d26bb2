/** The newest migration. The code needs it. */
export const MIGRATION = '0010_events_named_settings.sql'
