/** The newest migration. The code needs it. */
export const MIGRATION = '0023_billing_wallets_and_payments.sql'
