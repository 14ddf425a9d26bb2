/** A page of a list of the API. */
interface ListPage<Row> {
  data: readonly Row[]
  nextToken?: string | undefined
}

/** Reads all pages of a list, one after another. `readPage` is given the token of the next page, which has all of the query. */
export const readAll = async <Row>(readPage: (nextToken: string | undefined) => Promise<ListPage<Row>>): Promise<Row[]> => {
  const rows: Row[] = []
  let nextToken: string | undefined
  do {
    const page = await readPage(nextToken)
    rows.push(...page.data)
    nextToken = page.nextToken
  } while (nextToken)
  return rows
}
