import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
import { AddOn, AddOnPaginatedResponse, AddOnPath, CreateAddOnRequest, ListAddOnsQuery, UpdateAddOnRequest } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const addOns = feature('AddOns', {
  createAddOn: operation({
    method: 'post',
    path: '/addons',
    json: CreateAddOnRequest,
    answers: { 200: AddOn },
    tagged: true,
    handle: (ctx, { json }) => service.createAddOn(ctx, json),
  }),
  getAddOns: operation({
    method: 'get',
    path: '/addons',
    query: ListAddOnsQuery,
    answers: { 200: AddOnPaginatedResponse },
    handle: (ctx, { query }) => service.getAddOns(ctx, query),
  }),
  getAddOn: operation({
    method: 'get',
    path: '/addons/{addon_id}',
    param: AddOnPath,
    answers: { 200: AddOn },
    tagged: true,
    handle: (ctx, { param }) => service.getAddOn(ctx, param.addon_id),
  }),
  updateAddOn: operation({
    method: 'patch',
    path: '/addons/{addon_id}',
    param: AddOnPath,
    json: UpdateAddOnRequest,
    answers: { 200: AddOn },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param, json }) => service.updateAddOn(ctx, param.addon_id, json),
  }),
  deleteAddOn: operation({
    method: 'delete',
    path: '/addons/{addon_id}',
    param: AddOnPath,
    answers: { 200: BaseSuccessResponse },
    tagged: true,
    condition: 'version',
    handle: (ctx, { param }) => service.deleteAddOn(ctx, param.addon_id),
  }),
})
