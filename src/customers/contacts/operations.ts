import { CustomerPath } from '../customers/schema.ts'
import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { CreateCustomerContactRequest, CreateCustomerContactResponse } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const contacts = feature('Customers', {
  createCustomerContact: operation({
    method: 'post',
    path: '/customers/{customer_id}/contacts',
    param: CustomerPath,
    json: CreateCustomerContactRequest,
    answers: { 201: CreateCustomerContactResponse },
    handle: (ctx, { param, json }) => service.createCustomerContact(ctx, param.customer_id, json),
  }),
})
