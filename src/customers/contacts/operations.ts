import { CustomerPath } from '../customers/schema.ts'
import { operation } from '../../http/operation.ts'
import { CreateCustomerContactRequest, CreateCustomerContactResponse } from './schema.ts'
import * as contacts from './service.ts'

export const createCustomerContact = operation({
  method: 'post',
  path: '/customers/{customer_id}/contacts',
  operationId: 'createCustomerContact',
  tag: 'Customers',
  param: CustomerPath,
  json: CreateCustomerContactRequest,
  status: 201,
  returns: CreateCustomerContactResponse,
  handle: (ctx, { param, json }) => contacts.createCustomerContact(ctx, param.customer_id, json),
})
