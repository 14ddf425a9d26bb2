import { type Schemas, api, read } from '../../parts/client.ts'
import type { Choice } from '../../parts/form.tsx'
import { type Reading, useRead } from '../../parts/read.ts'
import { readAll } from '../../parts/read_all.ts'

type Schema = Schemas['EventSchemaListData']

/** All event schemas that are not archived. */
export const useSchemas = (): Reading<Schema[]> =>
  useRead('schemas of the organization', () =>
    readAll((nextToken) => read(api.GET('/event_schema', { params: { query: { nextToken, pageSize: 100 } } }))),
  )

/** Names as they are to be chosen from: the one that is chosen too, which may be of what is archived. */
export const choicesOf = (names: readonly string[], chosen: string): Choice[] =>
  [...new Set([...names, ...(chosen ? [chosen] : [])])].map((name) => [name, name] as const)

/** The numbers that events of a schema have: those that are sent, and those that the schema adds. */
export const numbersOf = (schema: Pick<Schema, 'attributes' | 'enrichments'> | undefined): string[] => [
  ...(schema?.attributes ?? []).map(({ name }) => name),
  ...(schema?.enrichments?.fields ?? []).filter(({ type }) => type === 'ATTRIBUTE').map(({ name }) => name),
]
