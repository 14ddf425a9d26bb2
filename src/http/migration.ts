/** The newest migration. The code needs it. */
export const MIGRATION = '0026_billing_purchases.sql'
