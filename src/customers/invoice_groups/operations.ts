import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
import {
  CreateInvoiceGroupRequest,
  InvoiceGroupAccountsPaginatedResponse,
  InvoiceGroupPaginatedResponse,
  InvoiceGroupPath,
  InvoiceGroups,
  ListInvoiceGroupsQuery,
  UpdateInvoiceGroupAccounts,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const invoiceGroups = feature('InvoiceGroups', {
  createInvoiceGroup: operation({
    method: 'post',
    path: '/invoice_groups',
    json: CreateInvoiceGroupRequest,
    answers: { 200: InvoiceGroups },
    tagged: true,
    handle: (ctx, { json }) => service.createInvoiceGroup(ctx, json),
  }),
  listInvoiceGroups: operation({
    method: 'get',
    path: '/invoice_groups',
    query: ListInvoiceGroupsQuery,
    answers: { 200: InvoiceGroupPaginatedResponse },
    handle: (ctx, { query }) => service.listInvoiceGroups(ctx, query),
  }),
  getInvoiceGroup: operation({
    method: 'get',
    path: '/invoice_groups/{invoice_group_id}',
    param: InvoiceGroupPath,
    answers: { 200: InvoiceGroupAccountsPaginatedResponse },
    tagged: true,
    handle: (ctx, { param }) => service.getInvoiceGroup(ctx, param.invoice_group_id),
  }),
  addInvoiceGroupAccounts: operation({
    method: 'post',
    path: '/invoice_groups/{invoice_group_id}/add_accounts',
    param: InvoiceGroupPath,
    json: UpdateInvoiceGroupAccounts,
    answers: { 200: InvoiceGroups },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param, json }) => service.addInvoiceGroupAccounts(ctx, param.invoice_group_id, json),
  }),
  removeInvoiceGroupAccounts: operation({
    method: 'post',
    path: '/invoice_groups/{invoice_group_id}/remove_accounts',
    param: InvoiceGroupPath,
    json: UpdateInvoiceGroupAccounts,
    answers: { 200: BaseSuccessResponse },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param, json }) => service.removeInvoiceGroupAccounts(ctx, param.invoice_group_id, json),
  }),
})
