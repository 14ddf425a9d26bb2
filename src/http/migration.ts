/** The newest migration. The code needs it. */
export const MIGRATION = '0019_billing_groups.sql'
