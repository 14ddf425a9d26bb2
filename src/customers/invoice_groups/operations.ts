import { operation } from '../../http/operation.ts'
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
import * as groups from './service.ts'

export const createInvoiceGroup = operation({
  method: 'post',
  path: '/invoice_groups',
  operationId: 'createInvoiceGroup',
  tag: 'InvoiceGroups',
  json: CreateInvoiceGroupRequest,
  status: 200,
  returns: InvoiceGroups,
  tagged: true,
  handle: (ctx, { json }) => groups.createInvoiceGroup(ctx, json),
})

export const listInvoiceGroups = operation({
  method: 'get',
  path: '/invoice_groups',
  operationId: 'listInvoiceGroups',
  tag: 'InvoiceGroups',
  query: ListInvoiceGroupsQuery,
  status: 200,
  returns: InvoiceGroupPaginatedResponse,
  handle: (ctx, { query }) => groups.listInvoiceGroups(ctx, query),
})

export const getInvoiceGroup = operation({
  method: 'get',
  path: '/invoice_groups/{invoice_group_id}',
  operationId: 'getInvoiceGroup',
  tag: 'InvoiceGroups',
  param: InvoiceGroupPath,
  status: 200,
  returns: InvoiceGroupAccountsPaginatedResponse,
  tagged: true,
  handle: (ctx, { param }) => groups.getInvoiceGroup(ctx, param.invoice_group_id),
})

export const addInvoiceGroupAccounts = operation({
  method: 'post',
  path: '/invoice_groups/{invoice_group_id}/add_accounts',
  operationId: 'addInvoiceGroupAccounts',
  tag: 'InvoiceGroups',
  param: InvoiceGroupPath,
  json: UpdateInvoiceGroupAccounts,
  status: 200,
  returns: InvoiceGroups,
  tagged: true,
  condition: 'version',
  handle: (ctx, { param, json }) => groups.addInvoiceGroupAccounts(ctx, param.invoice_group_id, json),
})

export const removeInvoiceGroupAccounts = operation({
  method: 'post',
  path: '/invoice_groups/{invoice_group_id}/remove_accounts',
  operationId: 'removeInvoiceGroupAccounts',
  tag: 'InvoiceGroups',
  param: InvoiceGroupPath,
  json: UpdateInvoiceGroupAccounts,
  status: 200,
  returns: BaseSuccessResponse,
  tagged: true,
  condition: 'version',
  handle: (ctx, { param, json }) => groups.removeInvoiceGroupAccounts(ctx, param.invoice_group_id, json),
})
