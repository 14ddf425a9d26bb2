/** The newest migration. The code needs it. */
export const MIGRATION = '0025_billing_feature_credits.sql'
