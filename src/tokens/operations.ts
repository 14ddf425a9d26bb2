import { operation } from '../http/operation.ts'
import { GetCustomerPortalDelegateTokenRequest, TokenResponse } from './schema.ts'
import * as tokens from './service.ts'

export const authenticate = operation({
  method: 'post',
  path: '/authenticate',
  operationId: 'authenticate',
  tag: 'Authentication',
  summary: 'Exchange a token for a JWT',
  description: 'Gives a JWT that speaks for the calling token for 24 hours, or for as long as that has left. A JWT is given back as it is.',
  status: 200,
  returns: TokenResponse,
  writes: false,
  refuses: {},
  handle: (ctx) => tokens.authenticate(ctx),
})

export const getCustomerPortalDelegateToken = operation({
  method: 'post',
  path: '/portal/token',
  operationId: 'getCustomerPortalDelegateToken',
  tag: 'Customer Portal',
  summary: 'Make a token for a customer',
  description:
    'Gives a JWT that reads one customer and its accounts, and is refused by every other operation with 403. It holds until its expiry, whatever becomes of the calling token.',
  json: GetCustomerPortalDelegateTokenRequest,
  status: 200,
  returns: TokenResponse,
  writes: false,
  refuses: { 404: 'The customer does not exist, or does not have one of the accounts.', 409: 'The customer is archived.' },
  handle: (ctx, { json }) => tokens.getCustomerPortalDelegateToken(ctx, json),
})
