import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { InvoicePath } from '../invoices/schema.ts'
import { InvoiceExplanation } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const explanations = feature('Extensions', {
  explainInvoice: operation({
    method: 'get',
    path: '/invoices/{invoice_id}/explanation',
    param: InvoicePath,
    portal: true,
    answers: { 200: InvoiceExplanation },
    handle: (ctx, { param }) => service.explainInvoice(ctx, param.invoice_id),
  }),
})
