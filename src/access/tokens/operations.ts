import { operation } from '../../http/operation.ts'
import { BaseSuccessResponse } from '../../lib/page.ts'
import {
  CreateTokenRequest,
  ListTokensQuery,
  RotateTokenRequest,
  Token,
  TokenPaginatedResponse,
  TokenPath,
  TokenResponse,
  TokenWithSecret,
} from './schema.ts'
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

export const createToken = operation({
  method: 'post',
  path: '/tokens',
  operationId: 'createToken',
  tag: 'Extensions',
  json: CreateTokenRequest,
  status: 201,
  returns: TokenWithSecret,
  location: ({ id }) => `/tokens/${id}`,
  tagged: true,
  administrator: true,
  secret: true,
  handle: (ctx, { json }) => tokens.createToken(ctx, json),
})

export const listTokens = operation({
  method: 'get',
  path: '/tokens',
  operationId: 'listTokens',
  tag: 'Extensions',
  query: ListTokensQuery,
  status: 200,
  returns: TokenPaginatedResponse,
  administrator: true,
  handle: (ctx, { query }) => tokens.listTokens(ctx, query),
})

export const getToken = operation({
  method: 'get',
  path: '/tokens/{token_id}',
  operationId: 'getToken',
  tag: 'Extensions',
  param: TokenPath,
  status: 200,
  returns: Token,
  tagged: true,
  administrator: true,
  handle: (ctx, { param }) => tokens.getToken(ctx, param.token_id),
})

export const rotateToken = operation({
  method: 'post',
  path: '/tokens/{token_id}/rotate',
  operationId: 'rotateToken',
  tag: 'Extensions',
  param: TokenPath,
  json: RotateTokenRequest,
  status: 200,
  returns: TokenWithSecret,
  tagged: true,
  condition: 'version',
  administrator: true,
  secret: true,
  handle: (ctx, { param, json }) => tokens.rotateToken(ctx, param.token_id, json),
})

export const revokeToken = operation({
  method: 'delete',
  path: '/tokens/{token_id}',
  operationId: 'revokeToken',
  tag: 'Extensions',
  param: TokenPath,
  status: 200,
  returns: BaseSuccessResponse,
  tagged: true,
  condition: 'version',
  administrator: true,
  handle: (ctx, { param }) => tokens.revokeToken(ctx, param.token_id),
})
