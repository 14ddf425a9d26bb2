import { operation } from '../http/operation.ts'
import { GetCustomerPortalDelegateTokenRequest, TokenResponse } from './schema.ts'
import * as tokens from './service.ts'

export const authenticate = operation({
  method: 'post',
  path: '/authenticate',
  operationId: 'authenticate',
  tag: 'Authentication',
  status: 200,
  returns: TokenResponse,
  writes: false,
  handle: (ctx) => tokens.authenticate(ctx),
})

export const getCustomerPortalDelegateToken = operation({
  method: 'post',
  path: '/portal/token',
  operationId: 'getCustomerPortalDelegateToken',
  tag: 'Customer Portal',
  json: GetCustomerPortalDelegateTokenRequest,
  status: 200,
  returns: TokenResponse,
  writes: false,
  handle: (ctx, { json }) => tokens.getCustomerPortalDelegateToken(ctx, json),
})
