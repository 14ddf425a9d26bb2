import { operation } from '../http/operation.ts'
import { BaseSuccessResponse } from '../lib/page.ts'
import {
  CreateCustomerRequest,
  CreateCustomerResponse,
  Customer,
  CustomerPaginatedResponse,
  CustomerPath,
  GetCustomersQuery,
  UpdateCustomerRequest,
} from './schema.ts'
import * as customers from './service.ts'

const MISSING = 'No customer of the organization has this id.'

export const createCustomer = operation({
  method: 'post',
  path: '/customers',
  operationId: 'createCustomer',
  tag: 'Customers',
  summary: 'Create a customer and its first account',
  description:
    'Writes the customer, its account, and their aliases and settings together: all of them or none. A customer always has an account; when none is sent, one is made from the customer itself.',
  json: CreateCustomerRequest,
  status: 201,
  returns: CreateCustomerResponse,
  refuses: { 409: 'The customer id, the account id or an alias is taken. The message names it, and the account that has an alias.' },
  location: ({ id }) => `/customers/${encodeURIComponent(id)}`,
  handle: (ctx, { json }) => customers.createCustomer(ctx, json),
})

export const getCustomer = operation({
  method: 'get',
  path: '/customers/{customer_id}',
  operationId: 'getCustomer',
  tag: 'Customers',
  summary: 'Read a customer',
  description: 'Reads a customer by your own id of it, percent-encoded in the path.',
  param: CustomerPath,
  status: 200,
  returns: Customer,
  refuses: { 403: 'A portal token reads another customer.', 404: MISSING },
  portal: true,
  handle: (ctx, { param }) => customers.getCustomer(ctx, param.customer_id),
})

export const getCustomers = operation({
  method: 'get',
  path: '/customers',
  operationId: 'getCustomers',
  tag: 'Customers',
  summary: 'List customers',
  description:
    'Lists the customers that are not archived, or those of a status, last changed first, a page at a time. One filter can be given.',
  query: GetCustomersQuery,
  status: 200,
  returns: CustomerPaginatedResponse,
  refuses: {},
  handle: (ctx, { query }) => customers.getCustomers(ctx, query),
})

export const updateCustomer = operation({
  method: 'patch',
  path: '/customers/{customer_id}',
  operationId: 'updateCustomer',
  tag: 'Customers',
  summary: 'Change a customer',
  description: 'Replaces the fields that are sent, the address as a whole. An empty body changes nothing.',
  param: CustomerPath,
  json: UpdateCustomerRequest,
  status: 200,
  returns: Customer,
  refuses: { 404: MISSING, 409: 'The customer is archived.' },
  handle: (ctx, { param, json }) => customers.updateCustomer(ctx, param.customer_id, json),
})

export const deleteCustomer = operation({
  method: 'delete',
  path: '/customers/{customer_id}',
  operationId: 'deleteCustomer',
  tag: 'Customers',
  summary: 'Archive a customer',
  description:
    'Archives a customer whose accounts are all archived. It can still be read by its id, which stays taken. A second time changes nothing.',
  param: CustomerPath,
  status: 200,
  returns: BaseSuccessResponse,
  refuses: { 404: MISSING, 409: 'It has accounts that are not archived. The message names them.' },
  handle: (ctx, { param }) => customers.deleteCustomer(ctx, param.customer_id),
})
