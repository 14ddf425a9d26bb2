import { customerId } from '../../lib/examples.ts'

const MISSING = 'No setting of the organization is named so.'
const UNSUITED = 'The value does not suit the data type'

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
    'Named values, kept on the organization, a customer, an account, an invoice group, an event schema, a usage meter, an add-on or a feature.',
}

export const parameters = {
  entity_type: 'What the settings are kept on.',
  entity_id: 'The id of what the settings are kept on.',
  setting_id: 'The id of the setting, which is unique in its namespace on one entity.',
  namespace: 'The namespace of the setting.',
}

export const insertSetting = {
  summary: 'Keep a setting on an entity',
  description:
    'Keeps a named value on the organization, a customer, an account, an invoice group, an event schema, a usage meter, an add-on or a feature.',
  refuses: {
    400: `${UNSUITED}, or the entity type is one that does not exist here yet.`,
    404: 'The entity does not exist.',
    409: 'The entity is archived, or has a setting with this namespace and id.',
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
  description: 'Lists the settings of every entity, archived ones too, a page at a time. The filters can be combined.',
  example: {
    after: ['createCustomer', 'insertSetting'],
    query: { entity_type: 'CUSTOMER', entity_id: customerId, setting_id: setting.id, namespace: 'USER', pageSize: 20 },
    answer: { data: [setting], context: { pageSize: 20, sortOrder: 'ASC' } },
  },
}

export const getSetting = {
  summary: 'Read a setting',
  description: 'Reads a setting by the string made of its namespace, its id and its entity.',
  refuses: { 404: MISSING },
  example: { after: ['createCustomer', 'insertSetting'], path, answer: setting },
}

export const updateSetting = {
  summary: 'Change a setting',
  description:
    'Replaces the name, the value or the data type. The value must suit the data type afterwards. An empty body changes nothing.',
  refuses: { 400: `${UNSUITED}.`, 404: MISSING, 409: 'The entity is archived.' },
  example: {
    after: ['createCustomer', 'insertSetting'],
    path,
    request: { value: 'fr' },
    answer: { ...setting, value: 'fr' },
    other: { request: { value: 'de' } },
  },
}
