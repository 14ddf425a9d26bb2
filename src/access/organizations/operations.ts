import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { Organization } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const organization = feature('Extensions', {
  getOrganization: operation({
    method: 'get',
    path: '/organization',
    answers: { 200: Organization },
    handle: (ctx) => service.getOrganization(ctx),
  }),
})
