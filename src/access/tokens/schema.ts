import * as z from 'zod/mini'
import { described, displayName, label, named, whole } from '../../lib/fields.ts'
import { pageQuery, paginated } from '../../lib/page.ts'
import { dateTime, instant } from '../../lib/time.ts'

export const TokenResponse = named('TokenResponse', z.strictObject({ token: z.string() }))
export type TokenResponse = z.infer<typeof TokenResponse>

const role = () =>
  described(
    'ADMINISTRATOR can do everything, DEVELOPER everything except handling tokens and the secrets of webhooks and erasing customers, and ANALYST can only read.',
    z.enum(['ADMINISTRATOR', 'DEVELOPER', 'ANALYST']),
  )

const token = {
  id: z.string(),
  name: z.string(),
  role: role(),
  createdAt: dateTime(),
  expiresAt: z.optional(described('The time at which the token expires. A token without it is valid until it is revoked.', dateTime())),
  lastUsedOn: z.optional(described('The last day (UTC) on which the token was used.', z.iso.date())),
  previousExpiresAt: z.optional(described('The time at which the secret before the last rotation expires or has expired.', dateTime())),
  revokedAt: z.optional(dateTime()),
}

export const Token = named('Token', z.strictObject(token), 'A token, without its secret.')
export type Token = z.infer<typeof Token>

export const TokenWithSecret = named(
  'TokenWithSecret',
  z.strictObject({
    ...token,
    token: described(
      'The secret, which is shown only once: togai_, 40 random characters, and their CRC-32 in 6 digits of base 62.',
      z.string(),
    ),
  }),
)
export type TokenWithSecret = z.infer<typeof TokenWithSecret>

export const CreateTokenRequest = named(
  'CreateTokenRequest',
  z.strictObject({
    name: described('The purpose of the token.', displayName(1, 100)),
    role: role(),
    expiresAt: z.optional(described('The time at which the token expires. If left out, it does not expire.', instant())),
  }),
)
export type CreateTokenRequest = z.infer<typeof CreateTokenRequest>

const LONGEST_GRACE = 7 * 86_400

export const RotateTokenRequest = named(
  'RotateTokenRequest',
  z.strictObject({
    gracePeriod: described(
      'The number of seconds for which the previous secret stays valid: 0 to 604800 (7 days).',
      whole(0, LONGEST_GRACE, 'int32'),
    ),
  }),
)
export type RotateTokenRequest = z.infer<typeof RotateTokenRequest>

export const TokenPath = z.strictObject({ token_id: label(1, 255) })

export const ListTokensQuery = pageQuery({})
export type ListTokensQuery = z.infer<typeof ListTokensQuery>

export const TokenPaginatedResponse = named('TokenPaginatedResponse', paginated(Token))
export type TokenPaginatedResponse = z.infer<typeof TokenPaginatedResponse>
