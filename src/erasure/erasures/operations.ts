import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { Erasure, ErasurePaginatedResponse, ErasurePath, ListErasuresQuery } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const erasures = feature('Extensions', {
  eraseCustomer: operation({
    method: 'post',
    path: '/customers/{customer_id}/erase',
    param: ErasurePath,
    answers: { 202: Erasure },
    administrator: true,
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.eraseCustomer(ctx, param.customer_id),
  }),
  listErasures: operation({
    method: 'get',
    path: '/erasures',
    query: ListErasuresQuery,
    answers: { 200: ErasurePaginatedResponse },
    handle: (ctx, { query }) => service.listErasures(ctx, query),
  }),
})
