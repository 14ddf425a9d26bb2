/** The newest migration. The code needs it. */
export const MIGRATION = '0024_billing_written_revenue.sql'
