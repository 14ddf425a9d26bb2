/** The properties of a kind of resource. */
interface ResourceKind {
  /** The prefix of its ids. */
  prefix: string
  /** The personal fields, whose values can be deleted from the audit log. */
  personal?: readonly string[]
  /** Whether its id may be about a person, and can be deleted from the audit log too. */
  isPersonalId?: boolean
}

/** All kinds of resources, by their names in the audit log. */
export const RESOURCES = {
  ACCOUNT: {
    prefix: 'account',
    personal: ['name', 'primaryEmail', 'address', 'billingInformation', 'metadata', 'tags', 'accountAliases', 'miscellaneousCharges'],
  },
  ADD_ON: { prefix: 'addon' },
  ALERT: { prefix: 'alert', personal: ['description'] },
  ALIAS: { prefix: 'alias', isPersonalId: true },
  CONTACT: { prefix: 'contact', personal: ['preferredUsername', 'name', 'email', 'phone'] },
  CREDIT: { prefix: 'cred', personal: ['purpose'] },
  CREDIT_TRANSACTION: { prefix: 'cred_txn' },
  CUSTOMER: { prefix: 'customer', personal: ['name', 'primaryEmail', 'address', 'billingAddress'] },
  EVENT_SCHEMA: { prefix: 'event_schema' },
  FEATURE: { prefix: 'feature' },
  FEATURE_CREDIT_ENTRY: { prefix: 'feature_entry' },
  FILE: { prefix: 'file', personal: ['name'] },
  INCIDENT: { prefix: 'incident' },
  INVOICE: { prefix: 'inv', personal: ['metadata', 'details', 'lineItems', 'miscellaneousCharges'] },
  INVOICE_GROUP: { prefix: 'inv_group', personal: ['name', 'email', 'billingAddress'] },
  JOB: { prefix: 'job', personal: ['metadata'] },
  LICENSE_UPDATE: { prefix: 'license_update', personal: ['metadata'] },
  NAMED_LICENSE_ENTRY: { prefix: 'named_license_entry', personal: ['name'] },
  ORGANIZATION: { prefix: 'org' },
  PAYMENT: { prefix: 'payment', personal: ['description', 'notes', 'externalPaymentReferences'] },
  PRICE_PLAN: { prefix: 'pp' },
  PRICING_CYCLE: { prefix: 'cycle' },
  PRICING_RULE: { prefix: 'pp_rule' },
  PRICING_SCHEDULE: { prefix: 'sch' },
  PURCHASE: { prefix: 'purchase' },
  REPORT: { prefix: 'report', personal: ['name', 'queryInput'] },
  REPORT_TEMPLATE: { prefix: 'report_template', personal: ['name', 'queryInput'] },
  SETTING: { prefix: 'setting', personal: ['name', 'value'] },
  TOKEN: { prefix: 'token' },
  USAGE_METER: { prefix: 'um' },
  WALLET: { prefix: 'wallet' },
  WALLET_ENTRY: { prefix: 'wallet_entry' },
  WEBHOOK_DELIVERY: { prefix: 'delivery' },
  WEBHOOK_ENDPOINT: { prefix: 'webhook', personal: ['url', 'description'] },
  WEBHOOK_EVENT: { prefix: 'evt' },
} as const satisfies Record<string, ResourceKind>

export type ResourceType = keyof typeof RESOURCES

/** The personal fields of a kind of resource. */
export const personalFieldsOf = (type: string): readonly string[] =>
  (RESOURCES as Readonly<Record<string, ResourceKind>>)[type]?.personal ?? []

/** Whether the ids of a kind of resource may be about a person. */
export const hasPersonalId = (type: string): boolean => (RESOURCES as Readonly<Record<string, ResourceKind>>)[type]?.isPersonalId === true
