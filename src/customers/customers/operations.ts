import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
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

const service = loadLater(() => import('./service.ts'))

export const customers = [
  ...feature('Customers', {
    createCustomer: operation({
      method: 'post',
      path: '/customers',
      json: CreateCustomerRequest,
      answers: { 201: CreateCustomerResponse },
      tagged: true,
      condition: 'absence',
      location: ({ id }) => `/customers/${encodeURIComponent(id)}`,
      handle: (ctx, { json }) => service.createCustomer(ctx, json),
    }),
    getCustomer: operation({
      method: 'get',
      path: '/customers/{customer_id}',
      param: CustomerPath,
      answers: { 200: Customer },
      tagged: true,
      portal: true,
      handle: (ctx, { param }) => service.getCustomer(ctx, param.customer_id),
    }),
    getCustomers: operation({
      method: 'get',
      path: '/customers',
      query: GetCustomersQuery,
      answers: { 200: CustomerPaginatedResponse },
      handle: (ctx, { query }) => service.getCustomers(ctx, query),
    }),
    updateCustomer: operation({
      method: 'patch',
      path: '/customers/{customer_id}',
      param: CustomerPath,
      json: UpdateCustomerRequest,
      answers: { 200: Customer },
      tagged: true,
      condition: 'version',
      handle: (ctx, { param, json }) => service.updateCustomer(ctx, param.customer_id, json),
    }),
    deleteCustomer: operation({
      method: 'delete',
      path: '/customers/{customer_id}',
      param: CustomerPath,
      answers: { 200: BaseSuccessResponse },
      tagged: true,
      condition: 'version',
      handle: (ctx, { param }) => service.deleteCustomer(ctx, param.customer_id),
    }),
  }),
  ...feature('Extensions', {
    restoreCustomer: operation({
      method: 'post',
      path: '/customers/{customer_id}/restore',
      param: CustomerPath,
      answers: { 200: Customer },
      tagged: true,
      condition: 'version',
      handle: (ctx, { param }) => service.restoreCustomer(ctx, param.customer_id),
    }),
  }),
]
