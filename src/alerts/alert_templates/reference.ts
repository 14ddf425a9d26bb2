const path = { alert_template_id: 'usage-threshold-account' }

const DIALECT = 'https://json-schema.org/draft/2020-12/schema'

const byId = (description: string) => ({
  type: 'object',
  properties: { id: { type: 'string', minLength: 1, maxLength: 50, description } },
  required: ['id'],
  additionalProperties: false,
})

const oneOf = (name: string, schema: object): string =>
  JSON.stringify({ $schema: DIALECT, type: 'object', properties: { [name]: schema }, required: [name], additionalProperties: false })

const template = {
  id: 'usage-threshold-account',
  name: 'Usage threshold (account)',
  description: 'What the account has used of a usage meter in its present pricing cycle has reached the threshold.',
  interval: 30,
  entitySchema: oneOf('usageMeter', byId('The id of the usage meter.')),
  entityType: 'USAGE_METER',
  ownerSchema: oneOf('account', byId('The id of the account.')),
  ownerType: 'ACCOUNT',
  parametersSchema: oneOf('threshold', {
    type: 'object',
    properties: { value: { type: 'number', exclusiveMinimum: 0, description: 'An incident is opened when this much has been used.' } },
    required: ['value'],
    additionalProperties: false,
  }),
  createdAt: '2024-01-01T00:00:00.000Z',
}

export const parameters = {
  alert_template_id: 'The id of the alert template, from the list of alert templates.',
}

export const getAlertTemplates = {
  summary: 'List alert templates',
  description:
    'Lists what alerts can watch, a page at a time: usage, balances of features and of credits, unprocessed events, and invoices that are due or overdue, each of one account or of the whole organization. The templates are the same for everybody and never change. The schemas are JSON Schemas, as texts, of the maps that an alert of the template is made with.',
  example: {
    query: { pageSize: 1 },
    answer: { data: [template], nextToken: 'eyJzaXplIjoxfQ.S7Q77yPtQMRiC70fJkq794uixHp2lAR6L6EQmDZthYc' },
  },
}

export const getAlertTemplate = {
  summary: 'Read an alert template',
  description: 'Reads what alerts of a template watch, and what they are made with.',
  refuses: { 404: 'There is no such template.' },
  example: { path, answer: template },
}
