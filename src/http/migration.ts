/** The newest migration. The code needs it. */
export const MIGRATION = '0016_billing_invoices.sql'
