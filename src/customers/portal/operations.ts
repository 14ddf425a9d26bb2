import { TokenResponse } from '../../access/tokens/schema.ts'
import { operation } from '../../http/operation.ts'
import { GetCustomerPortalDelegateTokenRequest } from './schema.ts'
import * as portal from './service.ts'

export const getCustomerPortalDelegateToken = operation({
  method: 'post',
  path: '/portal/token',
  operationId: 'getCustomerPortalDelegateToken',
  tag: 'Customer Portal',
  json: GetCustomerPortalDelegateTokenRequest,
  status: 200,
  returns: TokenResponse,
  writes: false,
  handle: (ctx, { json }) => portal.getCustomerPortalDelegateToken(ctx, json),
})
