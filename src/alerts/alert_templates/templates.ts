/** What an alert looks at. */
export type EntityType = 'USAGE_METER' | 'FEATURE' | 'CREDIT' | 'EVENT' | 'INVOICE'

export type OwnerType = 'ACCOUNT' | 'ORGANIZATION'

/** What an alert of a template observes. */
export type Observed = 'USAGE' | 'FEATURE_BALANCE' | 'CREDIT_BALANCE' | 'UNPROCESSED_EVENTS' | 'INVOICES_DUE' | 'INVOICES_OVERDUE'

/** What all alerts of a template have in common. */
export interface Template {
  id: string
  name: string
  description: string
  entityType: EntityType
  ownerType: OwnerType
  observed: Observed
  /** Whether its alerts have a threshold, and what that is if it is left out. */
  threshold: { isBelow: boolean; otherwise?: string } | undefined
}

interface Stem extends Omit<Template, 'id' | 'name' | 'ownerType' | 'description'> {
  stem: string
  name: string
  /** What it says of an account and of the organization. */
  descriptions: readonly [account: string, organization: string]
}

const STEMS: readonly Stem[] = [
  {
    stem: 'usage-threshold',
    name: 'Usage threshold',
    entityType: 'USAGE_METER',
    observed: 'USAGE',
    threshold: { isBelow: false },
    descriptions: [
      'What the account has used of a usage meter in its present pricing cycle has reached the threshold.',
      'What all accounts have used of a usage meter, each in its present pricing cycle, has reached the threshold.',
    ],
  },
  {
    stem: 'entitlement-balance',
    name: 'Entitlement balance',
    entityType: 'FEATURE',
    observed: 'FEATURE_BALANCE',
    threshold: { isBelow: true },
    descriptions: [
      'The credits of a feature that the account has left are below the threshold.',
      'The credits of a feature that all accounts have left are below the threshold.',
    ],
  },
  {
    stem: 'credit-balance',
    name: 'Credit balance',
    entityType: 'CREDIT',
    observed: 'CREDIT_BALANCE',
    threshold: { isBelow: true },
    descriptions: [
      'What is left of the credits of the account that are in force is below the threshold, in the currency of its invoices.',
      'What is left of the credits of all accounts that are in force is below the threshold, in the base currency.',
    ],
  },
  {
    stem: 'unprocessed-events',
    name: 'Unprocessed events',
    entityType: 'EVENT',
    observed: 'UNPROCESSED_EVENTS',
    threshold: { isBelow: false, otherwise: '1' },
    descriptions: [
      'As many events of the account as the threshold have come since the last check and could not be processed.',
      'As many events as the threshold have come since the last check and could not be processed.',
    ],
  },
  {
    stem: 'invoice-due',
    name: 'Invoice due',
    entityType: 'INVOICE',
    observed: 'INVOICES_DUE',
    threshold: undefined,
    descriptions: ['An invoice of the account has fallen due since the last check.', 'An invoice has fallen due since the last check.'],
  },
  {
    stem: 'invoice-overdue',
    name: 'Invoice overdue',
    entityType: 'INVOICE',
    observed: 'INVOICES_OVERDUE',
    threshold: undefined,
    descriptions: ['An invoice of the account is unpaid behind its due date.', 'An invoice is unpaid behind its due date.'],
  },
]

/** The shortest interval of alerts, in minutes, of which the others are multiples. */
export const SHORTEST_INTERVAL = 30

/** When the templates were made, in milliseconds: they never change. */
export const TEMPLATES_MADE_AT = Date.UTC(2024, 0, 1)

export const TEMPLATES: readonly Template[] = STEMS.flatMap(({ stem, name, descriptions: [ofAccount, ofAll], ...rest }): Template[] => [
  { ...rest, id: `${stem}-account`, name: `${name} (account)`, description: ofAccount, ownerType: 'ACCOUNT' },
  { ...rest, id: `${stem}-organization`, name: `${name} (organization)`, description: ofAll, ownerType: 'ORGANIZATION' },
])

const BY_ID: ReadonlyMap<string, Template> = new Map(TEMPLATES.map((template) => [template.id, template]))

export const findTemplate = (id: string): Template | undefined => BY_ID.get(id)
