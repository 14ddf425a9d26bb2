import * as z from 'zod/mini'
import { feature, operation } from '../../http/operation.ts'
import { versionAsked } from '../../lib/fields.ts'
import { loadLater } from '../../lib/load.ts'
import { CreatePaymentRequest, ListPaymentResponse, ListPaymentsQuery, Payment, PaymentPath } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const payments = feature('Payments', {
  listPayments: operation({
    method: 'get',
    path: '/payments',
    query: ListPaymentsQuery,
    portal: true,
    answers: { 200: ListPaymentResponse },
    handle: (ctx, { query }) => service.listPayments(ctx, query),
  }),
  createPayments: operation({
    method: 'post',
    path: '/payments',
    json: CreatePaymentRequest,
    answers: { 201: Payment },
    location: ({ id }) => `/payments/${id}`,
    handle: (ctx, { json }) => service.createPayment(ctx, json),
  }),
  getPayment: operation({
    method: 'get',
    path: '/payments/{payment_id}',
    param: PaymentPath,
    query: z.strictObject({ version: z.optional(versionAsked('The version that is read: a payment has only 1.')) }),
    portal: true,
    answers: { 200: Payment },
    handle: (ctx, { param, query }) => service.getPayment(ctx, param.payment_id, query.version),
  }),
})
