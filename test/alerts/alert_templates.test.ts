import { expect, it } from 'vitest'
import { alertOf } from '../helpers/alerts.ts'
import { organization } from '../helpers/api.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

/** Whether a JSON Schema takes a value, by the words that the schemas of templates have. */
const takes = (schema: Loose, value: Loose): boolean => {
  const { type, properties = {}, required = [], additionalProperties, minimum = -Infinity, exclusiveMinimum = -Infinity } = schema
  if (type === 'object')
    return (
      typeof value === 'object' &&
      required.every((name: string) => name in value) &&
      Object.entries(value).every(([name, one]) => (name in properties ? takes(properties[name], one) : additionalProperties !== false))
    )
  if (type === 'string') return typeof value === 'string' && value.length >= schema.minLength && value.length <= schema.maxLength
  const isNumber = type === 'integer' ? Number.isInteger(value) : type === 'number' && typeof value === 'number'
  return isNumber && value >= minimum && value > exclusiveMinimum
}

const STEMS = ['usage-threshold', 'entitlement-balance', 'credit-balance', 'unprocessed-events', 'invoice-due', 'invoice-overdue']
const IDS = STEMS.flatMap((stem) => [`${stem}-account`, `${stem}-organization`])

it('are twelve, of an account and of the organization each, and the same for everybody', async () => {
  const [one, other] = [await organization(), await organization()]
  const { body } = await one.get('/alert_templates?pageSize=100')
  expect(body.data.map(({ id }: Loose) => id)).toEqual(IDS)
  expect(body.nextToken).toBeUndefined()
  expect((await other.get('/alert_templates?pageSize=100')).body).toEqual(body)
  for (const template of body.data) {
    expect(template.ownerType).toBe(template.id.endsWith('-account') ? 'ACCOUNT' : 'ORGANIZATION')
    expect((await one.get(`/alert_templates/${template.id}`)).body).toEqual(template)
  }
  expect((await one.get('/alert_templates/abcd-efgh')).body.message).toBe('The alert template "abcd-efgh" does not exist.')
})

it('are listed a page at a time', async () => {
  const api = await organization()
  const ids: string[] = []
  for (let query = '?pageSize=5'; query;) {
    const { body } = await api.get(`/alert_templates${query}`)
    ids.push(...body.data.map(({ id }: Loose) => id))
    query = body.nextToken ? `?nextToken=${encodeURIComponent(body.nextToken)}` : ''
  }
  expect(ids).toEqual(IDS)
})

it('say by JSON Schemas what alerts are made with: what a schema takes is taken, and what it refuses is refused', async () => {
  const api = await organization()
  await api.post('/customers', { id: 'acme', name: 'Acme', primaryEmail: 'a@example.com', address: {} })
  const { body: feature } = await api.post('/features', { name: 'Calls', schemaAssociations: [] })
  await api.post('/event_schema', { name: 'calls', attributes: [{ name: 'n' }], dimensions: [] })
  const { body: meter } = await api.post('/usage_meters', {
    name: 'calls',
    type: 'COUNTER',
    aggregation: 'COUNT',
    eventSchemaName: 'calls',
    computations: [{ computation: '1', order: 1 }],
  })
  const { body } = await api.get('/alert_templates?pageSize=100')
  const entities = [{}, { usageMeter: { id: meter.id } }, { feature: { id: feature.id } }, { usageMeter: {} }, { meter: { id: meter.id } }]
  const owners = [{}, { account: { id: 'acme' } }, { organization: { id: api.id } }, { account: { id: 'acme', name: 'Acme' } }]
  const parameters = [{}, { threshold: { value: 5 } }, { threshold: { value: 0.5 } }, { threshold: { value: -1 } }, { threshold: {} }]
  for (const { id, entitySchema, ownerSchema, parametersSchema } of body.data) {
    const taken = (schema: string, value: object): boolean => takes(JSON.parse(schema), value)
    const right = {
      entityDetails: entities.find((one) => taken(entitySchema, one)),
      ownerDetails: owners.find((one) => taken(ownerSchema, one)),
      parameters: parameters.find((one) => taken(parametersSchema, one)),
    }
    const make = (more: object) => api.post('/alerts', { ...alertOf(id), ...right, ...more })
    expect([id, (await make({})).status]).toEqual([id, 200])
    for (const [field, schema, values] of [
      ['entityDetails', entitySchema, entities],
      ['ownerDetails', ownerSchema, owners],
      ['parameters', parametersSchema, parameters],
    ] as const)
      for (const value of values) {
        const { status, body: answer } = await make({ [field]: value })
        const expected = taken(schema, value) ? [200, undefined] : [400, expect.stringMatching(new RegExp(`^${field}\\.`))]
        expect([id, field, value, status, answer.message]).toEqual([id, field, value, ...expected])
      }
  }
})
