import { customerId } from '../../lib/examples.ts'

const MISSING = 'The organization has no setting with this name.'
const UNSUITED = 'The value does not match the data type'

const setting = {
  id: 'invoiceLanguage',
  value: 'en',
  namespace: 'USER',
  name: 'Language of invoices',
  dataType: 'STRING',
  entityType: 'CUSTOMER',
  entityId: customerId,
}

const path = { setting_id_str: `setting.USER.invoiceLanguage.CUSTOMER.${customerId}` }

export const tags = {
  Settings:
    'Named values that belong to the organization, a customer, an account, an invoice group, an event schema, a usage meter, an add-on, a feature or a price plan.',
}

export const parameters = {
  entity_type: 'The type of the entity that the settings belong to.',
  entity_id: 'The id of the entity that the settings belong to.',
  setting_id: 'The id of the setting. It is unique within a namespace of an entity.',
  namespace: 'The namespace of the setting.',
}

export const insertSetting = {
  summary: 'Create a setting of an entity',
  description:
    'Stores a named value for the organization, a customer, an account, an invoice group, an event schema, a usage meter, an add-on, a feature or a price plan. In the namespace SYSTEM, some settings mean something here: exchange_rates of the organization, a JSON object with what one unit of each currency is worth in the base currency, such as {"EUR": "1.1"}; auto_advance_invoice of the organization, with which invoices wait if it is false; event_level_revenue of an event schema, with which its events show what they earned if it is true. Two say what stands on invoices from then on: business_details of the organization, a JSON object with its businessName, address, primaryEmail and metadata, such as {"VAT number": "GB 123"}; and tax_id of an account, a customer or an invoice group.',
  refuses: {
    400: `${UNSUITED}, or is not one that the setting can have here; or entities of this type have no settings yet.`,
    404: 'The entity does not exist.',
    409: 'The entity is archived, or already has a setting with this namespace and id.',
  },
  example: {
    after: ['createCustomer'],
    request: setting,
    answer: setting,
    other: { request: { ...setting, id: 'reminderLanguage', name: 'Language of reminders' } },
  },
}

export const listSetting = {
  summary: 'List settings',
  description: 'Lists the settings of all entities, including archived ones, page by page. All filters can be combined.',
  example: {
    after: ['createCustomer', 'insertSetting'],
    query: { entity_type: 'CUSTOMER', entity_id: customerId, setting_id: setting.id, namespace: 'USER', pageSize: 20 },
    answer: { data: [setting], context: { pageSize: 20, sortOrder: 'ASC' } },
  },
}

export const getSetting = {
  summary: 'Read a setting',
  description: 'Reads a setting by the string that consists of its namespace, its id and its entity.',
  refuses: { 404: MISSING },
  example: { after: ['createCustomer', 'insertSetting'], path, answer: setting },
}

export const updateSetting = {
  summary: 'Change a setting',
  description:
    'Replaces the name, the value or the data type. Afterwards the value must match the data type. An empty body changes nothing.',
  refuses: {
    400: `${UNSUITED}, or is not one that the setting can have here.`,
    404: MISSING,
    409: 'The entity is archived; or the rate of a currency would change or go, by which amounts may have been converted.',
  },
  example: {
    after: ['createCustomer', 'insertSetting'],
    path,
    request: { value: 'fr' },
    answer: { ...setting, value: 'fr' },
    other: { request: { value: 'de' } },
  },
}
