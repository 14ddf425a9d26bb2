/** The newest migration. The code needs it. */
export const MIGRATION = '0018_billing_kept_revenue.sql'
