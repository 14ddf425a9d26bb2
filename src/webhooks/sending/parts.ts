import { type SQL, sql } from 'drizzle-orm'

/** One of the parts into which work is divided by the last character of an id, which is random. */
export interface Part {
  part: number
  of: number
}

/** Into which of `of` parts an id falls, in SQL. */
export const partIn = (id: SQL, of: number): SQL => sql`unicode(substr(${id}, -1)) % ${sql.raw(String(of))}`

/** Into which of `of` parts an id falls. */
export const partOf = (id: string, of: number): number => (id.codePointAt(id.length - 1) ?? 0) % of

/** Whether an id falls into a part, in SQL; always without one. */
export const isOfPart = (id: SQL, part: Part | undefined): SQL => (part ? sql`${partIn(id, part.of)} = ${part.part}` : sql`true`)
