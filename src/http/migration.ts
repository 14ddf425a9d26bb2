/** The newest migration. The code needs it. */
export const MIGRATION = '0027_billing_currency_of_purchases.sql'
