import { env } from 'cloudflare:workers'
import { sign } from 'hono/jwt'
import { vi } from 'vitest'
import type { Role } from '../../src/db/context.ts'
import type { Operation } from '../../src/http/operation.ts'
import { type Api, client, organization } from './api.ts'
import { EXAMPLES_START, ready } from './example.ts'

const SECOND = 1000

const encode = (value: unknown): string =>
  new TextEncoder().encode(JSON.stringify(value)).toBase64({ alphabet: 'base64url', omitPadding: true })

const claimsOf = (jwt: string): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(jwt.split('.')[1] ?? '', { alphabet: 'base64url' }))) as Record<string, unknown>

const signed = (claims: Record<string, unknown>, secret = env.SIGNING_SECRET) => sign(claims, secret, 'HS256')

const jwtOf = async (token: string): Promise<string> => (await client(token).post('/authenticate')).body.token

const newToken = async ({ post }: Api, role: Role = 'ADMINISTRATOR', expiresAt?: number): Promise<{ id: string; token: string }> =>
  (await post('/tokens', { name: role, role, ...(expiresAt && { expiresAt: new Date(expiresAt).toISOString() }) })).body

/** An organization that is ready for an operation, and credentials of it of every kind, half a minute after they were made. */
export const withCredentials = async (operationId: string) => {
  vi.useFakeTimers({ toFake: ['Date'], now: EXAMPLES_START })
  const mine = await ready(operationId)
  const now = Date.now()
  const [administrator, developer, analyst, revoked, rotated] = [
    await newToken(mine),
    await newToken(mine, 'DEVELOPER'),
    await newToken(mine, 'ANALYST'),
    await newToken(mine),
    await newToken(mine),
  ]
  const expired = await newToken(mine, 'ADMINISTRATOR', now + 20 * SECOND)
  const jwts = {
    administrator: await jwtOf(administrator.token),
    developer: await jwtOf(developer.token),
    analyst: await jwtOf(analyst.token),
    expired: await jwtOf(expired.token),
    revoked: await jwtOf(revoked.token),
    rotated: await jwtOf(rotated.token),
  }
  const portalOf = (jwt: string, portal: Record<string, unknown>, expiry = 3600) =>
    signed({ ...claimsOf(jwt), exp: Math.floor(now / SECOND) + expiry, portal: { customerId: 'a customer', ...portal } })
  const portals = {
    all: await portalOf(jwts.administrator, { accountIds: 'all' }),
    one: await portalOf(jwts.analyst, { accountIds: ['an account'] }),
    none: await portalOf(jwts.developer, { accountIds: [] }),
    brief: await portalOf(jwts.administrator, { accountIds: 'all' }, 20),
    revoked: await portalOf(jwts.revoked, { accountIds: 'all' }),
  }
  await mine.delete(`/tokens/${revoked.id}`)
  await mine.post(`/tokens/${rotated.id}/rotate`, { gracePeriod: 0 })
  vi.setSystemTime(now + 30 * SECOND)
  for (const token of [mine.token, administrator.token, developer.token, analyst.token]) await client(token).get('/customers')
  vi.useRealTimers()
  return { mine, now: now + 30 * SECOND, administrator, developer, analyst, expired, revoked, rotated, jwts, portals }
}
export type World = Awaited<ReturnType<typeof withCredentials>>

export const UNAUTHORIZED = { message: 'A valid token is required, as Authorization: Bearer <token>.' }

/** Every credential that is refused. */
export const REFUSED: Readonly<Record<string, (world: World) => string | Promise<string> | undefined>> = {
  'no token': () => undefined,
  'an unknown token': () => `Bearer togai_${'x'.repeat(46)}`,
  'a token in another scheme': ({ administrator }) => `Basic ${administrator.token}`,
  'a token without a scheme': ({ administrator }) => administrator.token,
  'the id of a token': ({ administrator }) => `Bearer ${administrator.id}`,
  'the hash of a token': async ({ administrator }) =>
    `Bearer ${await env.DB.prepare('SELECT hash FROM tokens WHERE id = ?').bind(administrator.id).first<string>('hash')}`,
  'an expired token': ({ expired }) => `Bearer ${expired.token}`,
  'a revoked token': ({ revoked }) => `Bearer ${revoked.token}`,
  'a secret that was rotated out': ({ rotated }) => `Bearer ${rotated.token}`,
  'the JWT of an expired token': ({ jwts }) => `Bearer ${jwts.expired}`,
  'the JWT of a revoked token': ({ jwts }) => `Bearer ${jwts.revoked}`,
  'the JWT of a secret that was rotated out': ({ jwts }) => `Bearer ${jwts.rotated}`,
  'a JWT of no algorithm': ({ jwts }) => `Bearer ${encode({ alg: 'none', typ: 'JWT' })}.${jwts.administrator.split('.')[1]}.`,
  'a JWT of another secret': async ({ jwts }) => `Bearer ${await signed(claimsOf(jwts.administrator), 'another secret')}`,
  'an expired JWT': async ({ jwts, now }) => `Bearer ${await signed({ ...claimsOf(jwts.administrator), exp: now / SECOND })}`,
  'a JWT that names another organization': async ({ jwts }) =>
    `Bearer ${await signed({ ...claimsOf(jwts.administrator), org: (await organization()).id })}`,
  'an expired portal token': ({ portals }) => `Bearer ${portals.brief}`,
  'the portal token of a revoked token': ({ portals }) => `Bearer ${portals.revoked}`,
}

export const ROLES: [name: string, role: Role, token: (world: World) => string][] = [
  ['an administrator', 'ADMINISTRATOR', ({ administrator }) => administrator.token],
  ['the JWT of an administrator', 'ADMINISTRATOR', ({ jwts }) => jwts.administrator],
  ['a developer', 'DEVELOPER', ({ developer }) => developer.token],
  ['the JWT of a developer', 'DEVELOPER', ({ jwts }) => jwts.developer],
  ['an analyst', 'ANALYST', ({ analyst }) => analyst.token],
  ['the JWT of an analyst', 'ANALYST', ({ jwts }) => jwts.analyst],
]

export const refusalOf = ({ writes, administrator }: Operation, role: Role): string | undefined => {
  if (role === 'ANALYST' && writes) return 'The role ANALYST reads only.'
  return role !== 'ADMINISTRATOR' && administrator
    ? 'Only the role ADMINISTRATOR handles tokens and the secrets of webhooks, and erases customers.'
    : undefined
}
