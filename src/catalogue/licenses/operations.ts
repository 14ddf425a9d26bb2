import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import {
  GetLicenseUpdatesQuery,
  GetLicenseUpdatesResponse,
  GetNamedLicenseUpdatesQuery,
  LicenseEntryDetailsUpdateRequest,
  LicensePath,
  LicenseUpdateRequest,
  LicenseUpdateResponse,
  NamedLicenseUpdatesPaginatedResponse,
  UpdateLicenseEntryQuery,
} from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const licenses = feature('Licenses', {
  addLicenseUpdateEntry: operation({
    method: 'post',
    path: '/license_updates',
    json: LicenseUpdateRequest,
    answers: { 200: LicenseUpdateResponse },
    handle: (ctx, { json }) => service.addLicenseUpdateEntry(ctx, json),
  }),
  getLicenseUpdates: operation({
    method: 'get',
    path: '/license_updates',
    query: GetLicenseUpdatesQuery,
    portal: true,
    answers: { 200: GetLicenseUpdatesResponse },
    handle: (ctx, { query }) => service.getLicenseUpdates(ctx, query),
  }),
  updateLicenseEntryDetails: operation({
    method: 'patch',
    path: '/license_updates/{license_id}',
    param: LicensePath,
    query: UpdateLicenseEntryQuery,
    json: LicenseEntryDetailsUpdateRequest,
    answers: { 200: LicenseUpdateResponse },
    handle: (ctx, { param, query, json }) => service.updateLicenseEntryDetails(ctx, param.license_id, query, json),
  }),
  getNamedLicenseUpdates: operation({
    method: 'get',
    path: '/named_license_updates',
    query: GetNamedLicenseUpdatesQuery,
    portal: true,
    answers: { 200: NamedLicenseUpdatesPaginatedResponse },
    handle: (ctx, { query }) => service.getNamedLicenseUpdates(ctx, query),
  }),
})
