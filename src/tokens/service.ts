import { eq } from 'drizzle-orm'
import type { Database } from '../db/client.ts'
import { organizations } from '../organizations/table.ts'
import { tokens } from './table.ts'

/** Whom a token speaks for. */
export interface Caller {
  tokenId: string
  organizationId: string
  baseCurrency: string
}

const REMEMBERED_FOR = 30_000
const MOST_REMEMBERED = 1000

/** Verified tokens by their hash, in this isolate. */
const remembered = new Map<string, { caller: Caller; until: number }>()

/** SHA-256 in lower-case hexadecimal, which is all that the database holds of a token. */
export const hashToken = async (secret: string): Promise<string> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(secret))).toHex()

/** The caller with the token `secret`, or undefined when it is unknown, expired or revoked, all of which take the same one look-up. */
export const verifyToken = async (database: Database, secret: string, now: number): Promise<Caller | undefined> => {
  const hash = await hashToken(secret)
  const known = remembered.get(hash)
  if (known && now < known.until) return known.caller
  remembered.delete(hash)
  const [found] = await database
    .replica()
    .select({
      tokenId: tokens.id,
      organizationId: tokens.organizationId,
      baseCurrency: organizations.baseCurrency,
      expiresAt: tokens.expiresAt,
      revokedAt: tokens.revokedAt,
    })
    .from(tokens)
    .innerJoin(organizations, eq(organizations.id, tokens.organizationId))
    .where(eq(tokens.hash, hash))
  const expiresAt = found?.expiresAt ?? Number.POSITIVE_INFINITY
  if (!found || found.revokedAt !== null || expiresAt <= now) return undefined
  const caller = { tokenId: found.tokenId, organizationId: found.organizationId, baseCurrency: found.baseCurrency }
  if (remembered.size >= MOST_REMEMBERED)
    for (const oldest of remembered.keys()) {
      remembered.delete(oldest)
      break
    }
  remembered.set(hash, { caller, until: Math.min(now + REMEMBERED_FOR, expiresAt) })
  return caller
}
