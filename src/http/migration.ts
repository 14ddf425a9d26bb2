/** The newest migration. The code needs it. */
export const MIGRATION = '0013_catalogue_schedules.sql'
