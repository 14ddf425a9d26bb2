import { operation } from '../http/operation.ts'
import { BaseSuccessResponse } from '../lib/page.ts'
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

const MISSING = 'The invoice group does not exist, or is gone with its last account.'
const UNFIT = 'An account is archived, in another group, or invoiced in another currency. The message names it.'

export const createInvoiceGroup = operation({
  method: 'post',
  path: '/invoice_groups',
  operationId: 'createInvoiceGroup',
  tag: 'InvoiceGroups',
  summary: 'Create an invoice group',
  description: 'Groups 1 to 100 accounts whose invoices can become one. They share a currency, and an account is in one group at most.',
  json: CreateInvoiceGroupRequest,
  status: 200,
  returns: InvoiceGroups,
  refuses: { 404: 'An account does not exist. The message names it.', 409: UNFIT },
  handle: (ctx, { json }) => groups.createInvoiceGroup(ctx, json),
})

export const listInvoiceGroups = operation({
  method: 'get',
  path: '/invoice_groups',
  operationId: 'listInvoiceGroups',
  tag: 'InvoiceGroups',
  summary: 'List invoice groups',
  description: 'Lists the invoice groups in the order in which they were made, a page at a time.',
  query: ListInvoiceGroupsQuery,
  status: 200,
  returns: InvoiceGroupPaginatedResponse,
  refuses: {},
  handle: (ctx, { query }) => groups.listInvoiceGroups(ctx, query),
})

export const getInvoiceGroup = operation({
  method: 'get',
  path: '/invoice_groups/{invoice_group_id}',
  operationId: 'getInvoiceGroup',
  tag: 'InvoiceGroups',
  summary: 'Read an invoice group',
  description: 'Reads an invoice group with the ids of all its accounts.',
  param: InvoiceGroupPath,
  status: 200,
  returns: InvoiceGroupAccountsPaginatedResponse,
  refuses: { 404: MISSING },
  handle: (ctx, { param }) => groups.getInvoiceGroup(ctx, param.invoice_group_id),
})

export const addInvoiceGroupAccounts = operation({
  method: 'post',
  path: '/invoice_groups/{invoice_group_id}/add_accounts',
  operationId: 'addInvoiceGroupAccounts',
  tag: 'InvoiceGroups',
  summary: 'Add accounts to an invoice group',
  description: 'Adds 1 to 100 accounts, all of them or none. Those that are in the group already stay.',
  param: InvoiceGroupPath,
  json: UpdateInvoiceGroupAccounts,
  status: 200,
  returns: InvoiceGroups,
  refuses: { 404: `${MISSING} Or an account does not exist.`, 409: UNFIT },
  handle: (ctx, { param, json }) => groups.addInvoiceGroupAccounts(ctx, param.invoice_group_id, json),
})

export const removeInvoiceGroupAccounts = operation({
  method: 'post',
  path: '/invoice_groups/{invoice_group_id}/remove_accounts',
  operationId: 'removeInvoiceGroupAccounts',
  tag: 'InvoiceGroups',
  summary: 'Remove accounts from an invoice group',
  description: 'Removes 1 to 100 accounts, all of them or none. With its last account the group is gone.',
  param: InvoiceGroupPath,
  json: UpdateInvoiceGroupAccounts,
  status: 200,
  returns: BaseSuccessResponse,
  refuses: { 404: `${MISSING} Or an account is not in it.` },
  handle: (ctx, { param, json }) => groups.removeInvoiceGroupAccounts(ctx, param.invoice_group_id, json),
})
