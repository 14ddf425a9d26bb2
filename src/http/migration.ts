/** The newest migration. The code needs it. */
export const MIGRATION = '0027_alerts_alerts_and_incidents.sql'
