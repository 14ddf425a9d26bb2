/** The newest migration. The code needs it. */
export const MIGRATION = '0014_catalogue_licenses.sql'
