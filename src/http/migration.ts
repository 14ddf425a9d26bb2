/** The newest migration. The code needs it. */
export const MIGRATION = '0028_webhooks.sql'
