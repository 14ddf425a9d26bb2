import { sign, verify } from 'hono/utils/jwt/jwt'
import * as z from 'zod/mini'
import type { Caller, Portal } from '../../db/context.ts'

const DAY = 86_400_000

/** The claims of our JWTs: times in seconds, as RFC 7519 has them. */
const Claims = z.object({
  sub: z.string(),
  org: z.string(),
  role: z.enum(['ADMINISTRATOR', 'DEVELOPER', 'ANALYST']),
  mark: z.string(),
  exp: z.number(),
  portal: z.optional(z.object({ customerId: z.string(), accountIds: z.union([z.array(z.string()), z.literal('all')]) })),
})

/** Signs a JWT (HS256) for `caller` that is valid until `expiresAt` (milliseconds; null for a day), but not longer than the caller's token. */
export const issueJwt = (caller: Caller, now: number, expiresAt: number | null, [secret = '']: readonly string[]): Promise<string> => {
  const { actor, organizationId, role, mark, portal } = caller
  const end = Math.min(expiresAt ?? now + DAY, caller.expiresAt ?? Number.POSITIVE_INFINITY)
  const claims: z.infer<typeof Claims> = {
    sub: actor,
    org: organizationId,
    role,
    mark,
    exp: Math.floor(end / 1000),
    ...(portal && { portal }),
  }
  return sign({ ...claims, iat: Math.floor(now / 1000) }, secret, 'HS256')
}

/** The content of a JWT: its token, the mark of the token's secret, its end (milliseconds), and for a portal token its customer and accounts. */
interface Jwt {
  tokenId: string
  organizationId: string
  mark: string
  expiresAt: number
  portal: Portal | undefined
}

/** Reads a JWT. Undefined if it is malformed, has expired, or was not signed with one of the secrets. Does not check whether its token is still valid. */
export const readJwt = async (jwt: string, secrets: readonly string[], now: number): Promise<Jwt | undefined> => {
  if (jwt.split('.').length !== 3) return undefined
  for (const secret of secrets) {
    try {
      const { sub, org, mark, exp, portal } = Claims.parse(await verify(jwt, secret, { alg: 'HS256', exp: false, iat: false }))
      return exp * 1000 > now ? { tokenId: sub, organizationId: org, mark, expiresAt: exp * 1000, portal } : undefined
    } catch {
      continue
    }
  }
  return undefined
}
