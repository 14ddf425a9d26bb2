import { env } from 'cloudflare:workers'
import { expect } from 'vitest'
import type { Answer, organization } from '../helpers/api.ts'

export type Api = Awaited<ReturnType<typeof organization>>

export const rides = {
  name: 'rides',
  attributes: [{ name: 'distance', defaultUnit: 'km' }],
  dimensions: [{ name: 'city' }],
  filterFields: ['city'],
}

/** The status of an answer, and its message if it has one, or else its body. */
export const said = ({ status, body }: Answer): [number, unknown] => [status, body.message ?? body]

/** Sends a request that must succeed. */
const must = async (answer: Promise<Answer>): Promise<Answer> => {
  const made = await answer
  expect([made.status, made.body.message]).toEqual([expect.toBeOneOf([200, 201]), undefined])
  return made
}

export const makeSchema = (api: Api, changes: Record<string, unknown> = {}) => must(api.post('/event_schema', { ...rides, ...changes }))

export const publishSchema = async (api: Api, changes: Record<string, unknown> = {}) => {
  const { body } = await makeSchema(api, changes)
  return must(api.post(`/event_schema/${encodeURIComponent(body.name)}/activate`))
}

export const distance = {
  name: 'distance driven',
  type: 'COUNTER',
  aggregation: 'SUM',
  eventSchemaName: 'rides',
  computations: [{ computation: '{"var":"attributes.distance"}', order: 1 }],
}

export const makeMeter = async (api: Api, changes: Record<string, unknown> = {}): Promise<string> => {
  const { body } = await must(api.post('/usage_meters', { ...distance, ...changes }))
  return body.id
}

export const startMeter = async (api: Api, changes: Record<string, unknown> = {}): Promise<string> => {
  const id = await makeMeter(api, changes)
  await must(api.post(`/usage_meters/${id}/activate`))
  return id
}

/** The version of the organization, from 1 on. */
export const versionOf = ({ id }: Api) => env.DB.prepare('SELECT version FROM organizations WHERE id = ?').bind(id).first<number>('version')
