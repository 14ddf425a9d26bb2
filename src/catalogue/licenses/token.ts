import * as z from 'zod/mini'
import type { PageToken, SealedPage } from '../../lib/page.ts'
import { SORTS } from './schema.ts'

const FILTERS = { a: 'account_id', l: 'license_id', f: 'effective_from', n: 'name' } as const

type Filter = keyof typeof FILTERS

const Short = z.object({
  a: z.optional(z.string()),
  l: z.optional(z.string()),
  f: z.optional(z.string()),
  n: z.optional(z.string()),
  /** The size of a page. */
  s: z.number(),
  /** The place of the order in SORTS. */
  o: z.number(),
  /** When the first page was asked for. */
  t: z.number(),
  /** What the last row is sorted by: its id comes last, without the prefix. */
  p: z.array(z.union([z.number(), z.string()])),
})

const filtersOf = (short: z.infer<typeof Short>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(FILTERS).flatMap(([key, name]) => {
      const value = short[key as Filter]
      return value === undefined ? [] : [[name, value]]
    }),
  )

/** Tokens of lists whose rows have ids with a prefix, within 500 characters whatever the filters are. */
export const shortToken = (prefix: string): PageToken => ({
  schema: z.pipe(
    Short,
    z.transform((short: z.infer<typeof Short>): SealedPage => {
      const [field = '', direction] = (SORTS[short.o] ?? SORTS[0]).split(':')
      return {
        size: short.s,
        filters: filtersOf(short),
        sort: [
          [field, direction === 'ASC' ? 'ASC' : 'DESC'],
          ['id', direction === 'ASC' ? 'DESC' : 'ASC'],
        ],
        after: [...short.p.slice(0, -1), `${prefix}${short.p.at(-1)}`],
        since: short.t,
      }
    }),
  ),
  write: ({ size, filters, sort, after, since }) => ({
    ...Object.fromEntries(Object.entries(FILTERS).flatMap(([key, name]) => (filters[name] === undefined ? [] : [[key, filters[name]]]))),
    s: size,
    o: SORTS.findIndex((one) => one === sort[0]?.join(':')),
    t: since,
    p: [...after.slice(0, -1), String(after.at(-1)).slice(prefix.length)],
  }),
})
