import { feature, operation } from '../../http/operation.ts'
import { loadLater } from '../../lib/load.ts'
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

const service = loadLater(() => import('./service.ts'))

export const tokens = [
  ...feature('Authentication', {
    authenticate: operation({
      method: 'post',
      path: '/authenticate',
      answers: { 200: TokenResponse },
      writes: false,
      handle: (ctx) => service.authenticate(ctx),
    }),
  }),
  ...feature('Extensions', {
    createToken: operation({
      method: 'post',
      path: '/tokens',
      json: CreateTokenRequest,
      answers: { 201: TokenWithSecret },
      location: ({ id }) => `/tokens/${id}`,
      tagged: true,
      administrator: true,
      secret: true,
      handle: (ctx, { json }) => service.createToken(ctx, json),
    }),
    listTokens: operation({
      method: 'get',
      path: '/tokens',
      query: ListTokensQuery,
      answers: { 200: TokenPaginatedResponse },
      administrator: true,
      handle: (ctx, { query }) => service.listTokens(ctx, query),
    }),
    getToken: operation({
      method: 'get',
      path: '/tokens/{token_id}',
      param: TokenPath,
      answers: { 200: Token },
      tagged: true,
      administrator: true,
      handle: (ctx, { param }) => service.getToken(ctx, param.token_id),
    }),
    rotateToken: operation({
      method: 'post',
      path: '/tokens/{token_id}/rotate',
      param: TokenPath,
      json: RotateTokenRequest,
      answers: { 200: TokenWithSecret },
      tagged: true,
      condition: 'version',
      administrator: true,
      secret: true,
      handle: (ctx, { param, json }) => service.rotateToken(ctx, param.token_id, json),
    }),
    revokeToken: operation({
      method: 'delete',
      path: '/tokens/{token_id}',
      param: TokenPath,
      answers: { 200: BaseSuccessResponse },
      tagged: true,
      condition: 'version',
      administrator: true,
      handle: (ctx, { param }) => service.revokeToken(ctx, param.token_id),
    }),
  }),
]
