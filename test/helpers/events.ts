import cases from '../data/events.json'
import { compileSchema, type MeterDefinition, type SchemaDefinition } from '../../src/events/ingestion/definitions.ts'
import { evaluateEvent, type Evaluation } from '../../src/events/ingestion/evaluate.ts'
import { type ParsedEvent, parseEvent } from '../../src/events/ingestion/event.ts'
import type { SettingValue } from '../../src/events/ingestion/settings.ts'

type Sent = Readonly<Record<string, unknown>>

/** An event of the right shape, with what a test says of it. */
export const sent = (more: Sent = {}): Sent => ({
  schemaName: 'rides',
  id: 'e-1',
  timestamp: '2026-05-01T10:00:00Z',
  accountId: 'acc1',
  attributes: [],
  dimensions: {},
  ...more,
})

/** Throws what is wrong with the event. */
export const parsed = (more: Sent = {}): ParsedEvent => {
  const result = parseEvent(sent(more))
  if ('message' in result) throw new Error(result.message)
  return result.event
}

/** Attributes from their values by name. */
export const attributesOf = (values: Readonly<Record<string, string>>) => Object.entries(values).map(([name, value]) => ({ name, value }))

export const named = (...names: string[]) => names.map((name) => ({ name }))

export const schemaOf = (more: Partial<SchemaDefinition> = {}): SchemaDefinition => ({
  name: 'rides',
  version: 1,
  attributes: [],
  dimensions: [],
  filterFields: [],
  ...more,
})

export const meterOf = (more: Partial<MeterDefinition> = {}): MeterDefinition => ({
  id: 'um.00000000001.00001',
  name: 'distance',
  version: 1,
  aggregation: 'SUM',
  ...more,
})

/** A meter that sums what a rule gives. */
export const sumOf = (computation: string, matcher?: string): MeterDefinition =>
  meterOf({ computations: [{ computation, matcher, order: 1 }] })

export const OWNER = { accountId: 'acc1', customerId: 'cus1' }

export const evaluate = (
  schema: Partial<SchemaDefinition>,
  meters: readonly MeterDefinition[],
  event: Sent,
  settings: Readonly<Record<string, SettingValue>> = {},
): Evaluation => evaluateEvent(compileSchema(schemaOf(schema), meters), parsed(event), OWNER, (key) => settings[key])

/** What a case of the contract says of an event, as far as it says it. */
export interface Case {
  id: string
  given: {
    enrichments?: NonNullable<SchemaDefinition['enrichments']>
    field?: NonNullable<SchemaDefinition['enrichments']>['fields'][number]
    settings?: Record<string, SettingValue>
    meter?: Pick<MeterDefinition, 'aggregation' | 'filters' | 'computations'>
    event?: { attributes: { name: string; value: string }[]; dimensions: Record<string, string> }
    events?: Record<string, string>[]
    schemaAttributes?: string[]
    computation?: string
    attributes?: Record<string, string>
    dimensions?: Record<string, string>
  }
  expect: {
    attributes?: Record<string, number>
    dimensions?: Record<string, string>
    status?: string
    units?: number | string | null
    total?: number
    charge_2_9_percent?: number
  }
}

export const casesOf = (kind: string, ...but: string[]) =>
  (cases as unknown as (Case & { kind: string })[]).filter((one) => one.kind === kind && !but.includes(one.id))
