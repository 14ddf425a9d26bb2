import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { VerifyInvoicesQuery, VerifyInvoicesResponse } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const verifications = feature('Extensions', {
  verifyInvoices: operation({
    method: 'get',
    path: '/invoice_verifications',
    query: VerifyInvoicesQuery,
    answers: { 200: VerifyInvoicesResponse },
    handle: (ctx, { query }) => service.verifyInvoices(ctx, query),
  }),
})
