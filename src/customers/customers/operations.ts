import { operation } from '../../http/operation.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
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

export const createCustomer = operation({
  method: 'post',
  path: '/customers',
  operationId: 'createCustomer',
  tag: 'Customers',
  json: CreateCustomerRequest,
  status: 201,
  returns: CreateCustomerResponse,
  tagged: true,
  condition: 'absence',
  location: ({ id }) => `/customers/${encodeURIComponent(id)}`,
  handle: (ctx, { json }) => customers.createCustomer(ctx, json),
})

export const getCustomer = operation({
  method: 'get',
  path: '/customers/{customer_id}',
  operationId: 'getCustomer',
  tag: 'Customers',
  param: CustomerPath,
  status: 200,
  returns: Customer,
  tagged: true,
  portal: true,
  handle: (ctx, { param }) => customers.getCustomer(ctx, param.customer_id),
})

export const getCustomers = operation({
  method: 'get',
  path: '/customers',
  operationId: 'getCustomers',
  tag: 'Customers',
  query: GetCustomersQuery,
  status: 200,
  returns: CustomerPaginatedResponse,
  handle: (ctx, { query }) => customers.getCustomers(ctx, query),
})

export const updateCustomer = operation({
  method: 'patch',
  path: '/customers/{customer_id}',
  operationId: 'updateCustomer',
  tag: 'Customers',
  param: CustomerPath,
  json: UpdateCustomerRequest,
  status: 200,
  returns: Customer,
  tagged: true,
  condition: 'version',
  handle: (ctx, { param, json }) => customers.updateCustomer(ctx, param.customer_id, json),
})

export const deleteCustomer = operation({
  method: 'delete',
  path: '/customers/{customer_id}',
  operationId: 'deleteCustomer',
  tag: 'Customers',
  param: CustomerPath,
  status: 200,
  returns: BaseSuccessResponse,
  tagged: true,
  condition: 'version',
  handle: (ctx, { param }) => customers.deleteCustomer(ctx, param.customer_id),
})

export const restoreCustomer = operation({
  method: 'post',
  path: '/customers/{customer_id}/restore',
  operationId: 'restoreCustomer',
  tag: 'Extensions',
  param: CustomerPath,
  status: 200,
  returns: Customer,
  tagged: true,
  condition: 'version',
  handle: (ctx, { param }) => customers.restoreCustomer(ctx, param.customer_id),
})
