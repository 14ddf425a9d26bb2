export const insertSetting = {
  summary: 'Keep a setting on an entity',
  description: 'Keeps a named value on the organization, a customer, an account or an invoice group.',
  refuses: {
    404: 'The entity does not exist.',
    409: 'The entity is archived, or has a setting with this namespace and id.',
  },
}

export const listSetting = {
  summary: 'List settings',
  description: 'Lists the settings of every entity, a page at a time. The filters can be combined.',
}

export const getSetting = {
  summary: 'Read a setting',
  description: 'Reads a setting by the string made of its namespace, its id and its entity.',
  refuses: { 404: 'No setting of the organization is named so.' },
}

export const updateSetting = {
  summary: 'Change a setting',
  description: 'Replaces the name, the value or the data type. The value must suit the data type afterwards.',
  refuses: { 404: 'No setting of the organization is named so.', 409: 'The entity is archived.' },
}
