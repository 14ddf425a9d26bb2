import * as z from 'zod/mini'
import type { PageToken, SealedPage } from '../../lib/page.ts'

const FILTERS = ['account_id', 'state', 'id'] as const

const PREFIX = 'cred.'

/** Tokens of the list of credits, which has one order: short, since the contract bounds them. */
export const creditToken: PageToken = {
  schema: z.pipe(
    z.object({
      /** The filters, by their places in FILTERS. */
      f: z.array(z.nullable(z.string())),
      /** The size of a page. */
      s: z.number(),
      /** When the first page was asked for. */
      t: z.number(),
      /** When the last row was made, and its id without the prefix. */
      p: z.tuple([z.number(), z.string()]),
    }),
    z.transform(({ f, s, t, p: [createdAt, id] }): SealedPage => ({
      size: s,
      filters: Object.fromEntries(FILTERS.flatMap((name, place) => (typeof f[place] === 'string' ? [[name, f[place]]] : []))),
      sort: [
        ['created_at', 'DESC'],
        ['id', 'ASC'],
      ],
      after: [createdAt, `${PREFIX}${id}`],
      since: t,
    })),
  ),
  write: ({ size, filters, after, since }) => ({
    f: FILTERS.map((name) => filters[name] ?? null),
    s: size,
    t: since,
    p: [after[0], String(after[1]).slice(PREFIX.length)],
  }),
}
