import type { Fault } from '../../lib/errors.ts'
import type { usageMeters } from './table.ts'

/** The part of a meter that defines what it counts. */
export type MeterDefinition = Pick<typeof usageMeters.$inferSelect, 'aggregation' | 'computations' | 'filters' | 'eventSchemaName'>

/** Finds faults of a meter that its schema cannot check. */
export const findMeterFaults = ({ aggregation, computations, filters, eventSchemaName }: MeterDefinition): Fault[] => {
  const faults: Fault[] = []
  const computation = computations?.[0]?.computation.trim() ?? '1'
  if (aggregation === 'COUNT' && computation !== '1')
    faults.push({ path: ['computations', 0, 'computation'], message: 'must be 1 or be left out, since aggregation is COUNT' })
  if (filters?.length && eventSchemaName === null)
    faults.push({ path: ['filters'], message: 'must be empty, since the usage meter has no event schema' })
  return faults
}
