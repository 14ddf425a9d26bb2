/** The newest migration. The code needs it. */
export const MIGRATION = '0015_access_test_clock.sql'
