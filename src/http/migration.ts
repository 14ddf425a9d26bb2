/** The newest migration. The code needs it. */
export const MIGRATION = '0034_billing_frozen_cycles.sql'
