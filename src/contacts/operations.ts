import { CustomerPath } from '../customers/schema.ts'
import { operation } from '../http/operation.ts'
import { CreateCustomerContactRequest, CreateCustomerContactResponse } from './schema.ts'
import * as contacts from './service.ts'

export const createCustomerContact = operation({
  method: 'post',
  path: '/customers/{customer_id}/contacts',
  operationId: 'createCustomerContact',
  tag: 'Customers',
  summary: 'Create a contact of a customer',
  description: 'Keeps a person to write to, and to let in when loginAccess is true.',
  param: CustomerPath,
  json: CreateCustomerContactRequest,
  status: 201,
  returns: CreateCustomerContactResponse,
  refuses: { 404: 'The customer does not exist.', 409: 'The customer is archived, or has a contact with this e-mail.' },
  handle: (ctx, { param, json }) => contacts.createCustomerContact(ctx, param.customer_id, json),
})
