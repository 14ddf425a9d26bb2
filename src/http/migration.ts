/** The newest migration, without which the code does not work. */
export const MIGRATION = '0005_access_formats.sql'
