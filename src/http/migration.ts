/** The newest migration, without which the code does not work. */
export const MIGRATION = '0010_catalogue_addons_and_features.sql'
