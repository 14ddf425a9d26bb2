/** The newest migration. The code needs it. */
export const MIGRATION = '0033_open_incidents.sql'
