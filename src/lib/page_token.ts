import * as z from 'zod/mini'
import type { PageToken, SealedPage } from './page.ts'

/** The tokens of a list that has one order, by created_at and id: short, since the contract bounds them. `prefix` is that of its ids. */
export const tokenByCreation = (prefix: string, filters: readonly string[]): PageToken => ({
  schema: z.pipe(
    z.object({
      /** The filters, by their places. */
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
      filters: Object.fromEntries(filters.flatMap((name, place) => (typeof f[place] === 'string' ? [[name, f[place]]] : []))),
      sort: [
        ['created_at', 'DESC'],
        ['id', 'ASC'],
      ],
      after: [createdAt, `${prefix}${id}`],
      since: t,
    })),
  ),
  write: ({ size, filters: sent, after, since }) => ({
    f: filters.map((name) => sent[name] ?? null),
    s: size,
    t: since,
    p: [after[0], String(after[1]).slice(prefix.length)],
  }),
})
