import { AccountPath } from '../../customers/accounts/schema.ts'
import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { InvoicePreviewResponse, PreviewQuery } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const invoices = feature('Extensions', {
  previewInvoices: operation({
    method: 'get',
    path: '/accounts/{account_id}/invoice_preview',
    param: AccountPath,
    query: PreviewQuery,
    answers: { 200: InvoicePreviewResponse },
    handle: (ctx, { param, query }) => service.previewInvoices(ctx, param.account_id, query),
  }),
})
