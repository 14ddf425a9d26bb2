import { sign, verify } from 'hono/jwt'
import * as z from 'zod/mini'
import type { Caller } from '../context.ts'

const DAY = 86_400_000

/** The claims of our JWTs: times in seconds, as RFC 7519 has them. */
const Claims = z.object({
  sub: z.string(),
  org: z.string(),
  cur: z.string(),
  role: z.enum(['ADMINISTRATOR', 'DEVELOPER', 'ANALYST']),
  exp: z.number(),
  portal: z.optional(z.object({ customerId: z.string(), accountIds: z.union([z.array(z.string()), z.literal('all')]) })),
})

/** A JWT (HS256) that speaks for `caller` until `expiresAt` (milliseconds; null for a day), and not longer than the caller's own token. */
export const issueJwt = (caller: Caller, now: number, expiresAt: number | null, [secret = '']: readonly string[]): Promise<string> => {
  const { actor, organizationId, baseCurrency, role, portal } = caller
  const end = Math.min(expiresAt ?? now + DAY, caller.expiresAt ?? Number.POSITIVE_INFINITY)
  const claims: z.infer<typeof Claims> = {
    sub: actor,
    org: organizationId,
    cur: baseCurrency,
    role,
    exp: Math.floor(end / 1000),
    ...(portal && { portal }),
  }
  return sign({ ...claims, iat: Math.floor(now / 1000) }, secret, 'HS256')
}

/** Whom a JWT speaks for, or undefined when it is none, has ended, or none of the secrets signed it. Asks no database. */
export const verifyJwt = async (jwt: string, secrets: readonly string[], now: number): Promise<Caller | undefined> => {
  if (jwt.split('.').length !== 3) return undefined
  for (const secret of secrets) {
    try {
      const { sub, org, cur, role, exp, portal } = Claims.parse(await verify(jwt, secret, { alg: 'HS256', exp: false, iat: false }))
      if (exp * 1000 <= now) return undefined
      return { organizationId: org, baseCurrency: cur, actor: sub, role, expiresAt: exp * 1000, jwt, ...(portal && { portal }) }
    } catch {
      continue
    }
  }
  return undefined
}
