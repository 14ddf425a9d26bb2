/** The newest migration, without which the code does not work. */
export const MIGRATION = '0010_events_named_settings.sql'
