import * as z from 'zod/mini'
import { described, displayName, label, named, whole } from '../../lib/fields.ts'
import { pageQuery, paginated } from '../../lib/page.ts'
import { dateTime, instant } from '../../lib/time.ts'

export const TokenResponse = named('TokenResponse', z.strictObject({ token: z.string() }))
export type TokenResponse = z.infer<typeof TokenResponse>

const role = () =>
  described(
    'ADMINISTRATOR may do everything; DEVELOPER everything but handle tokens; ANALYST reads only.',
    z.enum(['ADMINISTRATOR', 'DEVELOPER', 'ANALYST']),
  )

const token = {
  id: z.string(),
  name: z.string(),
  role: role(),
  createdAt: dateTime(),
  expiresAt: z.optional(described('When it ends. One that has none holds until it is revoked.', dateTime())),
  lastUsedOn: z.optional(described('The last day, in UTC, on which it was used.', z.iso.date())),
  previousExpiresAt: z.optional(described('Until when the secret before the last rotation holds, or held.', dateTime())),
  revokedAt: z.optional(dateTime()),
}

export const Token = named('Token', z.strictObject(token), 'A token as it is shown: never with its secret.')
export type Token = z.infer<typeof Token>

export const TokenWithSecret = named(
  'TokenWithSecret',
  z.strictObject({
    ...token,
    token: described('The secret, shown this once: togai_, 40 random characters, and their CRC-32 in 6 digits of base 62.', z.string()),
  }),
)
export type TokenWithSecret = z.infer<typeof TokenWithSecret>

export const CreateTokenRequest = named(
  'CreateTokenRequest',
  z.strictObject({
    name: described('What it is for.', displayName(1, 100)),
    role: role(),
    expiresAt: z.optional(described('When it ends; never when left out.', instant())),
  }),
)
export type CreateTokenRequest = z.infer<typeof CreateTokenRequest>

const LONGEST_GRACE = 7 * 86_400

export const RotateTokenRequest = named(
  'RotateTokenRequest',
  z.strictObject({
    gracePeriod: described(
      'Seconds for which the secret so far holds beside the new one: 0 to 604800, which is 7 days.',
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
