interface ListPage<Item> {
  data: Item[]
  nextToken?: string
}

/** Reads all pages of a list, each with the token of the one before it. For lists that a person chooses from, or sees at once. */
export const readAll = async <Item>(readPage: (nextToken: string | undefined) => Promise<ListPage<Item>>): Promise<Item[]> => {
  const all: Item[] = []
  let nextToken: string | undefined
  do {
    const page = await readPage(nextToken)
    all.push(...page.data)
    ;({ nextToken } = page)
  } while (nextToken)
  return all
}
