/** The newest migration. The code needs it. */
export const MIGRATION = '0030_billing_purchase_lists.sql'
