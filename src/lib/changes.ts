/** What became of the fields of a resource: what each held, and what it holds now; null for what there is not. */
export type Fields = Readonly<Record<string, readonly [old: unknown, now: unknown]>>

/** When a resource was made or changed stands beside its changes, and is no part of them. */
const TIMES: ReadonlySet<string> = new Set(['createdAt', 'updatedAt'])

const isSame = (one: unknown, other: unknown): boolean =>
  one === other || (typeof one === 'object' && typeof other === 'object' && JSON.stringify(one) === JSON.stringify(other))

/** The fields in which two states of a resource differ; it is new when there is no state before. */
export const differences = (before: object | undefined, after: object): Fields => {
  const old = (before ?? {}) as Readonly<Record<string, unknown>>
  const now = after as Readonly<Record<string, unknown>>
  const fields: Record<string, readonly [unknown, unknown]> = {}
  for (const field of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (TIMES.has(field)) continue
    const change = [old[field] ?? null, now[field] ?? null] as const
    if (!isSame(...change)) fields[field] = change
  }
  return fields
}
