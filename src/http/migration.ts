/** The newest migration. The code needs it. */
export const MIGRATION = '0032_erasures.sql'
