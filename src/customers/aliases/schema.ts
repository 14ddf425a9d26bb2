import * as z from 'zod/mini'
import { described, distinct, flag, identifier, list, named } from '../../lib/fields.ts'
import { pageQuery, paginatedPlainly } from '../../lib/page.ts'
import { dateTime } from '../../lib/time.ts'

export const Alias = named('Alias', z.strictObject({ value: z.string(), createdAt: dateTime() }))
export type Alias = z.infer<typeof Alias>

const CreateAliasRequest = named(
  'CreateAliasRequest',
  z.strictObject({
    value: described('1 to 255 characters. Only an alias of at most 50 characters can be given to an account.', identifier(1, 255)),
  }),
)

export const CreateBulkAliasRequest = named(
  'CreateBulkAliasRequest',
  z.strictObject({
    aliases: list(CreateAliasRequest, 1, 100).check(distinct((sent) => sent?.value, 'an alias is made once')),
  }),
)
export type CreateBulkAliasRequest = z.infer<typeof CreateBulkAliasRequest>

export const AliasPaginatedResponse = named('AliasPaginatedResponse', paginatedPlainly(Alias))
export type AliasPaginatedResponse = z.infer<typeof AliasPaginatedResponse>

export const ListAliasesQuery = pageQuery({
  without_account: flag('Whether to list only aliases that no account has now. It is sent with nextToken too.'),
})
export type ListAliasesQuery = z.infer<typeof ListAliasesQuery>

export const AliasPath = z.strictObject({ alias: identifier(1, 255) })
