/** The newest migration. The code needs it. */
export const MIGRATION = '0017_billing_charges.sql'
