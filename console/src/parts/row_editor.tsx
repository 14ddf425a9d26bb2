import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'

/** Rows of a form that can be added and removed. */
export const RowEditor = <Row,>({
  title,
  rows,
  set,
  empty,
  add,
  least = 0,
  children,
}: {
  title: string
  rows: readonly Row[]
  set: (rows: readonly Row[]) => void
  empty: Row
  add: string
  /** How many rows cannot be removed. */
  least?: number
  children: (row: Row, change: (part: Partial<Row>) => void, at: number) => ComponentChildren
}) => {
  const adding = useRef<HTMLButtonElement>(null)
  /** The focus goes on from a button that is not there any more. */
  const remove = (at: number): void => {
    set(rows.filter((_, index) => index !== at))
    adding.current?.focus()
  }
  return (
    <fieldset>
      <legend>{title}</legend>
      <div class="rows">
        {rows.map((row, at) => (
          <div key={at} class="row-fields pair">
            {children(row, (part) => set(rows.map((one, index) => (index === at ? { ...one, ...part } : one))), at)}
            {rows.length > least && (
              <button type="button" class="quiet" aria-label={`Remove ${title.toLowerCase()} ${at + 1}`} onClick={() => remove(at)}>
                ✕
              </button>
            )}
          </div>
        ))}
        <div>
          <button ref={adding} type="button" onClick={() => set([...rows, empty])}>
            {add}
          </button>
        </div>
      </div>
    </fieldset>
  )
}
