/** The newest migration. The code needs it. */
export const MIGRATION = '0012_catalogue_price_plans.sql'
