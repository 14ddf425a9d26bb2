/** The changed fields of a resource, each with its old and new value. Null means no value. */
export type Fields = Readonly<Record<string, readonly [old: unknown, now: unknown]>>

/** The times of a resource are not part of its changes, since the entry has its own time. */
const TIMES: ReadonlySet<string> = new Set(['createdAt', 'updatedAt'])

const isSame = (one: unknown, other: unknown): boolean =>
  one === other || (typeof one === 'object' && typeof other === 'object' && JSON.stringify(one) === JSON.stringify(other))

/** The fields in which two states of a resource differ. Without `before`, the resource is new. */
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
