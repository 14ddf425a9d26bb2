import { api, read } from '../../parts/client.ts'
import { type Reading, useRead } from '../../parts/read.ts'
import { readAll } from '../../parts/read_all.ts'

export interface Billable {
  id: string
  name: string
  kind: 'METER' | 'FEATURE' | 'LICENSE' | 'FIXED_FEE' | 'CREDIT_GRANT' | 'NAMED_LICENSE'
  isActive: boolean
}

/** All that a rate card can price. */
const readBillables = async (): Promise<Billable[]> => {
  const [meters, addOns, features] = await Promise.all([
    readAll((nextToken) => read(api.GET('/usage_meters', { params: { query: { pageSize: 100, nextToken } } }))),
    readAll((nextToken) => read(api.GET('/addons', { params: { query: { pageSize: 100, nextToken } } }))),
    readAll((nextToken) => read(api.GET('/features', { params: { query: { pageSize: 100, nextToken } } }))),
  ])
  return [
    ...meters.map(({ id, displayName, status }) => ({ id, name: displayName, kind: 'METER' as const, isActive: status === 'ACTIVE' })),
    ...addOns.map(({ id, displayName, type, status }) => ({ id, name: displayName, kind: type, isActive: status === 'ACTIVE' })),
    ...features.map(({ id, displayName }) => ({ id, name: displayName, kind: 'FEATURE' as const, isActive: true })),
  ]
}

/** All that a rate card can price, which is nothing until `reading` has it, and what an id is called. */
export const useBillables = (): { reading: Reading<Billable[]>; all: readonly Billable[]; nameOf: (id: string) => string } => {
  const reading = useRead('billables', readBillables)
  const all = reading.data ?? []
  return { reading, all, nameOf: (id) => all.find((one) => one.id === id)?.name ?? id }
}
