/** The newest migration. The code needs it. */
export const MIGRATION = '0029_reports.sql'
