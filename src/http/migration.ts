/** The newest migration. The code needs it. */
export const MIGRATION = '0009_events_jobs.sql'
