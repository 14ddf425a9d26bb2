import { plansOf } from './data.ts'
import { makeOffers } from './offers.ts'
import type { Send } from './send.ts'

/** The id of the organization, which is in a JWT of its token. */
const readOrganization = async (send: Send): Promise<string> => {
  const [, payload = ''] = (await send('POST', '/authenticate')).token.split('.')
  return (JSON.parse(Buffer.from(payload, 'base64url').toString()) as { org: string }).org
}

const named = (names: string[]) => names.map((one) => ({ name: one }))

/** The schemas, meters, add-ons and plans, and the ids of the plans and of the seats. */
export const makeCatalogue = async (send: Send) => {
  const schema = async (name: string, description: string, attributes: string[], dimensions: string[]): Promise<void> => {
    await send('POST', '/event_schema', {
      name,
      description,
      attributes: named(attributes),
      dimensions: named(dimensions),
      filterFields: dimensions,
    })
    await send('POST', `/event_schema/${name}/activate`)
  }
  await schema('document_read', 'A document was read, and its text was answered.', ['pages', 'characters'], ['kind', 'region'])
  await schema('storage_measured', 'How much was stored, measured each hour.', ['gigabyte_hours'], ['region'])
  await schema('archive_exported', 'An archive was exported.', ['documents'], [])
  const meter = async (name: string, billableName: string, eventSchemaName: string, attribute: string): Promise<string> => {
    const computations = [{ computation: JSON.stringify({ var: `attributes.${attribute}` }), order: 1 }]
    const { id } = await send('POST', '/usage_meters', {
      name,
      billableName,
      type: 'COUNTER',
      aggregation: 'SUM',
      eventSchemaName,
      computations,
    })
    await send('POST', `/usage_meters/${id}/activate`)
    return id
  }
  const addon = async (name: string, type: string): Promise<string> => (await send('POST', '/addons', { name, type })).id
  const parts = {
    pages: await meter('pages', 'Pages read', 'document_read', 'pages'),
    characters: await meter('characters', 'Characters answered', 'document_read', 'characters'),
    storage: await meter('storage', 'Gigabyte-hours stored', 'storage_measured', 'gigabyte_hours'),
    platform: await addon('Platform', 'FIXED_FEE'),
    support: await addon('Support with an hour to answer', 'FIXED_FEE'),
    seats: await addon('Seats', 'LICENSE'),
  }
  const exports = await send('POST', '/features', {
    name: 'exports',
    billableName: 'Documents in exports',
    schemaAssociations: [{ schemaName: 'archive_exported', attributeName: 'documents' }],
  })
  const plans = new Map<string, string>()
  for (const plan of plansOf({ ...parts, exports: exports.id })) {
    const { id } = await send('POST', '/price_plans', plan)
    await send('POST', `/price_plans/${id}/activate`, { currencies: ['USD', 'EUR'] })
    plans.set(plan.name, id)
  }
  const pack = await makeOffers(send, { platform: parts.platform, exports: exports.id })
  return { plans, pack, seats: parts.seats, organization: await readOrganization(send) }
}

export type Catalogue = Awaited<ReturnType<typeof makeCatalogue>>
