import { AccountPath } from '../../customers/accounts/schema.ts'
import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
import {
  CreateBillRunQuery,
  CreateCustomInvoiceRequest,
  Invoice,
  InvoicePath,
  InvoicePreviewResponse,
  ListBillRunQuery,
  ListInvoicesQuery,
  ListInvoicesResponse,
  ManageMiscellaneousChargesRequest,
  MiscellaneousChargesResponse,
  PreviewQuery,
  PricingRulesLogsPaginatedResponse,
  UpdateInvoiceRequest,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const invoices = [
  ...feature('Invoices', {
    listInvoices: operation({
      method: 'get',
      path: '/invoices',
      query: ListInvoicesQuery,
      portal: true,
      answers: { 200: ListInvoicesResponse },
      handle: (ctx, { query }) => service.listInvoices(ctx, query),
    }),
    createCustomInvoice: operation({
      method: 'post',
      path: '/invoices',
      json: CreateCustomInvoiceRequest,
      answers: { 201: Invoice },
      tagged: true,
      location: ({ id }) => `/invoices/${id}`,
      handle: (ctx, { json }) => service.createCustomInvoice(ctx, json),
    }),
    listInvoicesForBillRun: operation({
      method: 'get',
      path: '/invoices/bill_runs',
      query: ListBillRunQuery,
      answers: { 200: ListInvoicesResponse },
      handle: (ctx, { query }) => service.listInvoicesForBillRun(ctx, query),
    }),
    createInvoiceBillRun: operation({
      method: 'post',
      path: '/invoices/bill_runs',
      query: CreateBillRunQuery,
      answers: { 200: BaseSuccessResponse },
      mayLocate: true,
      handle: (ctx, { query }) => service.createInvoiceBillRun(ctx, query),
    }),
    getInvoice: operation({
      method: 'get',
      path: '/invoices/{invoice_id}',
      param: InvoicePath,
      portal: true,
      answers: { 200: Invoice },
      tagged: true,
      handle: (ctx, { param }) => service.getInvoice(ctx, param.invoice_id),
    }),
    updateInvoice: operation({
      method: 'patch',
      path: '/invoices/{invoice_id}',
      param: InvoicePath,
      json: UpdateInvoiceRequest,
      answers: { 200: Invoice },
      tagged: true,
      condition: 'version',
      handle: (ctx, { param, json }) => service.updateInvoice(ctx, param.invoice_id, json),
    }),
    manageMiscellaneousChargesInInvoice: operation({
      method: 'put',
      path: '/invoices/{invoice_id}/miscellaneous_charges',
      param: InvoicePath,
      json: ManageMiscellaneousChargesRequest,
      answers: { 200: MiscellaneousChargesResponse },
      tagged: true,
      condition: 'version',
      handle: (ctx, { param, json }) => service.manageMiscellaneousChargesInInvoice(ctx, param.invoice_id, json),
    }),
    manageMiscellaneousChargesInAccount: operation({
      method: 'put',
      path: '/accounts/{account_id}/miscellaneous_charges',
      param: AccountPath,
      json: ManageMiscellaneousChargesRequest,
      answers: { 200: MiscellaneousChargesResponse },
      handle: (ctx, { param, json }) => service.manageMiscellaneousChargesInAccount(ctx, param.account_id, json),
    }),
    listPricingRuleLogs: operation({
      method: 'get',
      path: '/invoice/{invoice_id}/pricing_rules_logs',
      param: InvoicePath,
      portal: true,
      answers: { 200: PricingRulesLogsPaginatedResponse },
      handle: (ctx, { param }) => service.listPricingRuleLogs(ctx, param.invoice_id),
    }),
    deleteCustomInvoice: operation({
      method: 'delete',
      path: '/invoices/{invoice_id}',
      param: InvoicePath,
      answers: { 200: BaseSuccessResponse },
      tagged: true,
      condition: 'version',
      handle: (ctx, { param }) => service.deleteCustomInvoice(ctx, param.invoice_id),
    }),
  }),
  ...feature('Extensions', {
    previewInvoices: operation({
      method: 'get',
      path: '/accounts/{account_id}/invoice_preview',
      param: AccountPath,
      query: PreviewQuery,
      portal: true,
      answers: { 200: InvoicePreviewResponse },
      handle: (ctx, { param, query }) => service.previewInvoices(ctx, param.account_id, query),
    }),
  }),
]
