/** The newest migration. The code needs it. */
export const MIGRATION = '0030_erasures.sql'
