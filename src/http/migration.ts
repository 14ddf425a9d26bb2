/** The newest migration. The code needs it. */
export const MIGRATION = '0017_metering_event_revenue.sql'
