/** The newest migration, without which the code does not work. */
export const MIGRATION = '0006_access_ledgers.sql'
