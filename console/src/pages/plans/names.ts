import { api, read } from '../../parts/client.ts'
import { useRead } from '../../parts/read.ts'

export interface Billable {
  id: string
  name: string
  kind: 'METER' | 'FEATURE' | 'LICENSE' | 'FIXED_FEE' | 'CREDIT_GRANT' | 'NAMED_LICENSE'
  isActive: boolean
}

/** All that a rate card can price. */
const readBillables = async (): Promise<Billable[]> => {
  const query = { pageSize: 100 }
  const [meters, addOns, features] = await Promise.all([
    read(api.GET('/usage_meters', { params: { query } })),
    read(api.GET('/addons', { params: { query } })),
    read(api.GET('/features', { params: { query } })),
  ])
  return [
    ...meters.data.map(({ id, displayName, status }) => ({ id, name: displayName, kind: 'METER' as const, isActive: status === 'ACTIVE' })),
    ...addOns.data.map(({ id, displayName, type, status }) => ({ id, name: displayName, kind: type, isActive: status === 'ACTIVE' })),
    ...features.data.map(({ id, displayName }) => ({ id, name: displayName, kind: 'FEATURE' as const, isActive: true })),
  ]
}

export const useBillables = (): { all: readonly Billable[]; nameOf: (id: string) => string } => {
  const all = useRead('billables', readBillables).data ?? []
  return { all, nameOf: (id) => all.find((one) => one.id === id)?.name ?? id }
}
