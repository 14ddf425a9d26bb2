/** What is known of a kind of resource. */
interface ResourceKind {
  /** What our own ids of it begin with. */
  prefix: string
  /** The fields that are about a person: the audit log can forget what they held. */
  personal?: readonly string[]
}

/** Every kind of resource, by the name that the audit log has for it. */
export const RESOURCES = {
  ACCOUNT: {
    prefix: 'account',
    personal: ['name', 'primaryEmail', 'address', 'billingInformation', 'metadata', 'accountAliases'],
  },
  ADD_ON: { prefix: 'addon' },
  ALIAS: { prefix: 'alias' },
  CONTACT: { prefix: 'contact', personal: ['preferredUsername', 'name', 'email', 'phone'] },
  CUSTOMER: { prefix: 'customer', personal: ['name', 'primaryEmail', 'address', 'billingAddress'] },
  EVENT_SCHEMA: { prefix: 'event_schema' },
  FEATURE: { prefix: 'feature' },
  INVOICE_GROUP: { prefix: 'inv_group', personal: ['name', 'email', 'billingAddress'] },
  JOB: { prefix: 'job', personal: ['metadata'] },
  ORGANIZATION: { prefix: 'org' },
  PRICE_PLAN: { prefix: 'pp' },
  PRICING_RULE: { prefix: 'pp_rule' },
  PRICING_SCHEDULE: { prefix: 'sch' },
  SETTING: { prefix: 'setting', personal: ['value'] },
  TOKEN: { prefix: 'token' },
  USAGE_METER: { prefix: 'um' },
} as const satisfies Record<string, ResourceKind>

export type ResourceType = keyof typeof RESOURCES

/** The fields of a kind of resource that are about a person. */
export const personalFieldsOf = (type: string): readonly string[] =>
  (RESOURCES as Readonly<Record<string, ResourceKind>>)[type]?.personal ?? []
