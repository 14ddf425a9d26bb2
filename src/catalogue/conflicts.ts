/*
 * The catalogue owns what can be sold: add-ons and features, and the plans that price them beside usage meters.
 * Plans in force, invoices and entitlements refer to it.
 * Never wrong: what a published price says, from which every amount is reckoned.
 */
import type { ConflictWords } from '../db/conflicts.ts'

/** What each conflict that the triggers of the catalogue raise says of the values raised with it. */
export const catalogueConflicts: ConflictWords = {
  ADD_ON_BILLABLE_NAME_TAKEN: {
    field: 'billableName',
    say: (billableName, id) => `the add-on "${id}" is called "${billableName}" already`,
  },
  EVENT_SCHEMA_HAS_FEATURE: {
    field: 'schemaAssociations',
    say: (schema, feature, id) => `the event schema "${schema}" feeds the feature "${feature}" already, which is ${id}`,
  },
  FEATURE_ATTRIBUTE_UNKNOWN: {
    code: 'INVALID',
    field: 'schemaAssociations',
    say: (attribute, schema) =>
      `"${attribute}" is no attribute of the event schema "${schema}", and no field that it adds to events as one`,
  },
  FEATURE_ATTRIBUTE_GONE: {
    say: (schema, attribute, feature, id) =>
      `The event schema "${schema}" must keep the attribute "${attribute}", by which it feeds the feature "${feature}", which is ${id}`,
  },
  EVENT_SCHEMA_FEEDS_FEATURE: {
    say: (schema, feature, id) => `The event schema "${schema}" feeds the feature "${feature}", which is ${id}`,
  },
  PRICE_PLAN_TAKEN: { field: 'name', say: (name, id) => `the price plan "${name}" exists already, as ${id}` },
  TOO_MANY_PRICE_PLANS: {
    code: 'UNPROCESSABLE',
    say: (count) => `There are ${count} price plans that are not archived, and there can be no more`,
  },
  PRICE_PLAN_ITEM_GONE: {
    say: (card, id) => `The rate card "${card}" prices "${id}", which is not active any more`,
  },
  SCHEDULE_PLAN_GONE: { say: (plan) => `The price plan "${plan}" is not active any more` },
  PRICE_PLAN_IN_FORCE: { say: (plan, account) => `The account "${account}" has the price plan "${plan}", or will have it` },
  ITEM_IS_IN_FORCE: { say: (noun, name, account) => `The ${noun} "${name}" is priced by a schedule of the account "${account}"` },
  ACCOUNT_HAS_PLAN: {
    field: 'invoiceCurrency',
    say: (id, currency) => `the account "${id}" has or had a price plan, which is invoiced in ${currency}`,
  },
  CUSTOMER_HAS_PLAN: { say: (id, account) => `The account "${account}" of the customer "${id}" has a price plan until the end of its day` },
  ITEM_IS_PRICED: {
    say: (noun, name, plan) => `The ${noun} "${name}" is priced by the price plan "${plan}", which is not archived`,
  },
}
