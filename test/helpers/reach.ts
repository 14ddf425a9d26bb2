import type { Operation } from '../../src/http/operation.ts'
import { operations } from '../../src/operations.ts'
import { type Asked, type Ids, asked } from './requests.ts'

/** What operations that keep nothing are sent, beside a path. */
const BODIES: Record<string, Record<string, unknown>> = {
  getCustomerPortalDelegateToken: { customerId: 'acme', accountIds: ['spare'] },
  getMetrics: {
    startTime: '2026-03-01T00:00:00Z',
    endTime: '2026-03-31T00:00:00Z',
    metricQueries: [{ id: 'usage', name: 'USAGE', aggregationPeriod: 'DAY' }],
  },
}

const PARAMETER = /\{(\w+)\}/g

/** What a furnished organization has, by the name of the path parameter that names it. */
export const reachable = (api: Ids): Record<string, string[]> => {
  const found: Record<string, string[]> = {}
  for (const { operationId, path } of operations.filter(({ writes }) => writes))
    for (const [sent] of asked(operationId, api)) {
      const values = new RegExp(`^${path.replaceAll(PARAMETER, '([^/]+)')}$`).exec(sent)?.slice(1) ?? []
      for (const [index, [, name = '']] of [...path.matchAll(PARAMETER)].entries())
        found[name] = [...new Set([...(found[name] ?? []), decodeURIComponent(values[index] ?? '')])]
    }
  return found
}

/** For every operation, a request that a furnished organization answers with success. */
export const requestOf = ({ operationId, path, writes, json }: Operation, api: Ids): Asked => {
  if (writes) return asked(operationId, api)[0]
  const values = reachable(api)
  const sent = path.replaceAll(PARAMETER, (_, name: string) => {
    const [value] = values[name] ?? []
    if (value === undefined) throw new Error(`${operationId} reads a ${name}, and nothing that writes names one`)
    return encodeURIComponent(value)
  })
  if (json && !BODIES[operationId]) throw new Error(`${operationId} takes a body, and has none here`)
  return [sent, BODIES[operationId]]
}
