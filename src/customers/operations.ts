import { operation } from '../http/operation.ts'
import { CreateCustomerRequest, CreateCustomerResponse, Customer, CustomerPath } from './schema.ts'
import * as customers from './service.ts'

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
  refuses: { 404: 'No customer of the organization has this id.' },
  handle: (ctx, { param }) => customers.getCustomer(ctx, param.customer_id),
})
