import * as z from 'zod/mini'
import { ApiError } from './errors.ts'
import { described, label, named, text } from './fields.ts'
import { seal, unseal } from './sign.ts'

export type Direction = 'ASC' | 'DESC'
export type Sort = readonly (readonly [field: string, direction: Direction])[]

/** The rules for the query of a list. */
export interface ListRules {
  /** The fields that a caller can sort by. None if the order is fixed. */
  sortable: readonly string[]
  /** The default order. Its last field is unique. */
  sort: Sort
  /** The combinations of filters that are allowed. If left out, all are. */
  combinations?: readonly (readonly string[])[] | undefined
  /** The default number of items of a page. */
  pageSize?: number | undefined
  /** The most items of a page, if a larger number is not a wrong form but over a limit. */
  most?: number | undefined
  /** How pages are written into tokens, if the contract bounds their length. */
  token?: PageToken | undefined
}

/** A short form of pages. `schema` reads what `write` has written. */
export interface PageToken {
  schema: z.ZodMiniType<SealedPage>
  write: (page: SealedPage) => unknown
}

/** A page after the first one. */
export type SealedPage = Omit<Page, 'search' | 'after'> & { search?: string | undefined; after: readonly (string | number)[] }

/** A page of a list, as it was asked for. */
export interface Page {
  size: number
  filters: Readonly<Record<string, string>>
  search: string | undefined
  sort: Sort
  /** The values of the sort's fields in the last row of the page before. */
  after: readonly (string | number)[] | undefined
  /** When the first page was asked for, in milliseconds. */
  since: number
}

const Sealed: z.ZodMiniType<SealedPage> = z.object({
  size: z.number(),
  filters: z.record(z.string(), z.string()),
  search: z.optional(z.string()),
  sort: z.array(z.tuple([z.string(), z.enum(['ASC', 'DESC'])])),
  after: z.array(z.union([z.string(), z.number()])),
  since: z.number(),
})

/** The default number of items of a page, unless the list has its own. */
const USUAL_PAGE_SIZE = 20

const pageParameters = (
  usual: number,
  { most, isRefusedLater, longestToken }: { most: number; isRefusedLater: boolean; longestToken: number },
) => ({
  nextToken: z.optional(
    described(
      'The nextToken of the previous page, which contains its whole query. If empty, the first page is shown.',
      z.string().check(z.maxLength(longestToken)),
    ),
  ),
  pageSize: z.optional(
    z.pipe(
      z.string().register(z.globalRegistry, {
        type: 'integer',
        minimum: 1,
        maximum: most,
        default: usual,
        description: `The number of items of a page: 1 to ${most}, by default ${usual}.`,
      }),
      z.transform((value: string, { issues }) => {
        const size = /^\d{1,9}(?:\.0+)?$/.test(value) ? Number(value) : 0
        if (size < 1 || (size > most && !isRefusedLater))
          issues.push({ code: 'custom', input: value, message: `must be a whole number from 1 to ${most}` })
        return size
      }),
    ),
  ),
})

/** The schema of the query of a list: paging, and the fields of `more`. */
export const pageQuery = <Shape extends z.core.$ZodLooseShape>(more: Shape, usual = USUAL_PAGE_SIZE) =>
  z.strictObject({ ...pageParameters(usual, { most: 100, isRefusedLater: false, longestToken: 8000 }), ...more })

/** The default and the largest number of items of a page of a ledger, such as the updates of licences, and the longest token of one (pricing.md, 0). */
export const LEDGER_PAGE = { pageSize: 50, most: 50 } as const
const LONGEST_LEDGER_TOKEN = 500

/** The schema of the query of a ledger: paging, and the fields of `more`. `openPage` refuses larger pages, unless the contract has no status of their own for that. */
export const ledgerPageQuery = <Shape extends z.core.$ZodLooseShape>(more: Shape, isRefusedLater = true) =>
  z.strictObject({
    ...pageParameters(LEDGER_PAGE.pageSize, { most: LEDGER_PAGE.most, isRefusedLater, longestToken: LONGEST_LEDGER_TOKEN }),
    ...more,
  })

/** The schema of the answer of a ledger. */
export const ledgerPage = <Item extends z.ZodMiniType>(item: Item) =>
  z.strictObject({
    data: z.array(item).check(z.maxLength(LEDGER_PAGE.most)),
    nextToken: z.optional(
      described('The token of the next page. The last page has none.', z.string().check(z.maxLength(LONGEST_LEDGER_TOKEN))),
    ),
  })

/** The parameters `_search` and `_sort` of a list. */
export const searchAndSort = (searched: string, sortFields: readonly string[]) => ({
  _search: z.optional(
    described(
      `Lists the items in which one of the following begins with this text: ${searched}. Upper and lower case are the same.`,
      text().check(z.minLength(1), z.maxLength(320)),
    ),
  ),
  _sort: z.optional(
    described(`One or more of field:ASC and field:DESC, separated by commas. The fields are ${sortFields.join(', ')}.`, label(1, 100)),
  ),
})

export const PaginationOptions = named('PaginationOptions', z.strictObject({ pageSize: z.int(), sortOrder: z.enum(['ASC', 'DESC']) }))

const next = z.optional(described('The token of the next page. The last page has none.', z.string()))

/** The schema of the answer of a list. */
export const paginated = <Item extends z.ZodMiniType>(item: Item) =>
  z.strictObject({ data: z.array(item), nextToken: next, context: PaginationOptions })

/** The schema of the answer of a list that has no `context` in the contract. */
export const paginatedPlainly = <Item extends z.ZodMiniType>(item: Item) => z.strictObject({ data: z.array(item), nextToken: next })

export const BaseSuccessResponse = named('BaseSuccessResponse', z.strictObject({ success: z.boolean() }))

const wrong = (field: string, message: string): ApiError => new ApiError('INVALID', `${field}: ${message}`)

const opposite = { ASC: 'DESC', DESC: 'ASC' } as const

const parseSort = (asked: string, { sortable, sort: usual }: ListRules): Sort => {
  const sort = asked.split(',').map((part): [string, Direction] => {
    const [field = '', direction, ...rest] = part.split(':')
    if (!sortable.includes(field) || (direction !== 'ASC' && direction !== 'DESC') || rest.length)
      throw wrong('_sort', `must be made of ${sortable.map((name) => `${name}:ASC or ${name}:DESC`).join(', ')}`)
    return [field, direction]
  })
  if (new Set(sort.map(([field]) => field)).size < sort.length) throw wrong('_sort', 'must name a field once')
  const id = usual.at(-1)?.[0] ?? ''
  const unique = sort.findIndex(([field]) => field === id)
  if (unique >= 0) return sort.slice(0, unique + 1)
  const last = sort.at(-1)
  return [...sort, [id, opposite[last?.[1] ?? 'DESC']]]
}

interface PageQuery {
  nextToken?: string | undefined
  pageSize?: number | undefined
  _search?: string | undefined
  _sort?: string | undefined
}

/** The scope of a page token: it is sealed with the secrets, for one list of one organization. */
export interface Reader {
  secrets: readonly string[]
  organizationId: string
  operationId: string
  now: number
}

/** `within` names the parent of the items if each parent has a list of its own. */
const purposeOf = ({ organizationId, operationId }: Reader, within: string): string =>
  `page ${operationId}${within && ` ${within}`} ${organizationId}`

/** Returns the page that a query asks for: the first one, or the one of its nextToken. Throws INVALID. */
export const openPage = async (
  reader: Reader,
  rules: ListRules,
  query: PageQuery & Readonly<Record<string, unknown>>,
  within = '',
): Promise<Page> => {
  const { combinations, pageSize: usual = USUAL_PAGE_SIZE, most, token } = rules
  const { nextToken, pageSize, _search, _sort, ...rest } = query
  if (most !== undefined && pageSize !== undefined && pageSize > most)
    throw new ApiError('UNPROCESSABLE', `pageSize: must be ${most} at most`)
  const filters = Object.fromEntries(Object.entries(rest).filter((entry): entry is [string, string] => entry[1] !== undefined))
  const names = Object.keys(filters)
  if (
    names.length &&
    combinations &&
    !combinations.some((allowed) => allowed.length === names.length && names.every((name) => allowed.includes(name)))
  )
    throw wrong(names.join(', '), `cannot be combined; a list takes ${combinations.map((allowed) => allowed.join(' with ')).join(', or ')}`)
  const sort = _sort === undefined ? rules.sort : parseSort(_sort, rules)
  if (!nextToken) return { size: pageSize ?? usual, filters, search: _search, sort, after: undefined, since: reader.now }
  const sealed = await unseal<z.ZodMiniType<SealedPage>>(reader.secrets, purposeOf(reader, within), nextToken, token?.schema ?? Sealed)
  if (!sealed) throw wrong('nextToken', 'must be the nextToken of a page of this list, as it was given')
  const same =
    names.every((name) => sealed.filters[name] === filters[name]) &&
    (_search === undefined || _search === sealed.search) &&
    (_sort === undefined || JSON.stringify(sort) === JSON.stringify(sealed.sort))
  if (!same) throw wrong('nextToken', 'must come alone, or with what the page before was asked for')
  return { ...sealed, search: sealed.search, size: pageSize ?? sealed.size }
}

/** Returns the rows that a page shows, and the token of the next page if there is one. `rows` has one more row than the page if there is a next page. */
export const closePage = async <Row>(
  reader: Reader,
  page: Page,
  rows: readonly Row[],
  valueOf: (row: Row, field: string) => string | number,
  { most = page.size, within = '', token }: { most?: number; within?: string; token?: PageToken } = {},
): Promise<{ visible: readonly Row[]; nextToken?: string }> => {
  const visible = rows.slice(0, most)
  const last = visible.at(-1)
  if (rows.length <= most || last === undefined) return { visible }
  const after = page.sort.map(([field]) => valueOf(last, field))
  const sealed = { ...page, after }
  return { visible, nextToken: await seal(reader.secrets[0] ?? '', purposeOf(reader, within), token ? token.write(sealed) : sealed) }
}

const BY_PLACE: ListRules = { sortable: [], sort: [['place', 'ASC']] }

/** Returns a page of a list that is read as a whole. */
export const pageOfWhole = async <Item>(
  reader: Reader,
  query: Parameters<typeof openPage>[2],
  within: string,
  read: () => Promise<readonly Item[]>,
): Promise<{ data: Item[]; nextToken?: string }> => {
  const page = await openPage(reader, BY_PLACE, query, within)
  const from = Number(page.after?.[0] ?? -1) + 1
  const rows = (await read()).slice(from, from + page.size + 1).map((item, index) => ({ item, place: from + index }))
  const { visible, ...token } = await closePage(reader, page, rows, ({ place }) => place, { within })
  return { data: visible.map(({ item }) => item), ...token }
}

/** The `context` of an answer. */
export const contextOf = ({ size, sort }: Page): { pageSize: number; sortOrder: Direction } => ({
  pageSize: size,
  sortOrder: sort[0]?.[1] ?? 'ASC',
})
