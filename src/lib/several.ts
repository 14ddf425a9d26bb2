import * as z from 'zod/mini'

/** One or several of a set of words in a query, with commas between them. Each is kept once, in the order of the set. */
export const severalOf = (words: readonly string[], description: string) =>
  z.pipe(
    z.string().register(z.globalRegistry, { description: `${description} The words are ${words.join(', ')}.` }),
    z.transform((value: string, { issues }): string => {
      const sent = new Set(value.split(','))
      const known = words.filter((word) => sent.has(word))
      if (known.length < sent.size)
        issues.push({ code: 'custom', input: value, message: `must be one or several of ${words.join(', ')}, with commas between them` })
      return known.join(',')
    }),
  )
