import type { ComponentChildren } from 'preact'

/** Rows of a form that can be added and removed. */
export const RowEditor = <Row,>({
  title,
  rows,
  set,
  empty,
  add,
  children,
}: {
  title: string
  rows: readonly Row[]
  set: (rows: readonly Row[]) => void
  empty: Row
  add: string
  children: (row: Row, change: (part: Partial<Row>) => void, at: number) => ComponentChildren
}) => (
  <fieldset>
    <legend>{title}</legend>
    <div class="rows">
      {rows.map((row, at) => (
        <div key={at} class="row-fields pair">
          {children(row, (part) => set(rows.map((one, index) => (index === at ? { ...one, ...part } : one))), at)}
          <button
            type="button"
            class="quiet"
            aria-label={`Remove ${title.toLowerCase()} ${at + 1}`}
            onClick={() => set(rows.filter((_, index) => index !== at))}
          >
            ✕
          </button>
        </div>
      ))}
      <div>
        <button type="button" onClick={() => set([...rows, empty])}>
          {add}
        </button>
      </div>
    </div>
  </fieldset>
)
