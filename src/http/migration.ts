/** The newest migration. The code needs it. */
export const MIGRATION = '0022_billing_written_revenue.sql'
