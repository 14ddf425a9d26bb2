import { TokenResponse } from '../../access/tokens/schema.ts'
import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
import { GetCustomerPortalDelegateTokenRequest } from './schema.ts'

const service = loadLater(() => import('./service.ts'))

export const portal = feature('Customer Portal', {
  getCustomerPortalDelegateToken: operation({
    method: 'post',
    path: '/portal/token',
    json: GetCustomerPortalDelegateTokenRequest,
    answers: { 200: TokenResponse },
    writes: false,
    handle: (ctx, { json }) => service.getCustomerPortalDelegateToken(ctx, json),
  }),
})
