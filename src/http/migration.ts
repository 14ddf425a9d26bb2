/** The newest migration. The code needs it. */
export const MIGRATION = '0021_billing_kept_revenue.sql'
