import * as z from 'zod/mini'
import type { PageToken, SealedPage } from './page.ts'

type Words = readonly string[]

/** Several words with commas between them, as their places in the set of all. One word stays as it is. */
const shorten = (text: string, words: Words | undefined): string =>
  words && text.includes(',')
    ? text
        .split(',')
        .map((word) => words.indexOf(word))
        .join()
    : text

const lengthen = (text: string, words: Words): string =>
  text
    .split(',')
    .map((place) => words[Number(place)] ?? place)
    .join()

/**
 * The tokens of a list that has one order, by created_at and id: short, since the contract bounds them. `prefix` is that of its ids, and
 * `words` are those of each filter that has several of a set.
 */
export const tokenByCreation = (prefix: string, filters: readonly string[], words: Readonly<Record<string, Words>> = {}): PageToken => ({
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
      filters: Object.fromEntries(
        filters.flatMap((name, place) =>
          typeof f[place] === 'string' ? [[name, words[name] ? lengthen(f[place], words[name]) : f[place]]] : [],
        ),
      ),
      sort: [
        ['created_at', 'DESC'],
        ['id', 'ASC'],
      ],
      after: [createdAt, `${prefix}${id}`],
      since: t,
    })),
  ),
  write: ({ size, filters: sent, after, since }) => ({
    f: filters.map((name) => (sent[name] === undefined ? null : shorten(sent[name], words[name]))),
    s: size,
    t: since,
    p: [after[0], String(after[1]).slice(prefix.length)],
  }),
})
