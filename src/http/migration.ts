/** The newest migration. The code needs it. */
export const MIGRATION = '0031_filters_of_lists.sql'
