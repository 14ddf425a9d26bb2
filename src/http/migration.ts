/** The newest migration, without which the code does not work. */
export const MIGRATION = '0009_events_jobs.sql'
