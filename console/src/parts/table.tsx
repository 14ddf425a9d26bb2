import type { ComponentChildren } from 'preact'
import { hasStepBack, useParameters } from './address.ts'

export interface Column<Row> {
  title: string
  cell: (row: Row) => ComponentChildren
  /** Numbers stand at the right. */
  isNumber?: boolean
  /** Stands in one line. */
  isWhole?: boolean
  /** Left out where the page is narrow. */
  isMinor?: boolean
}

interface TableParts<Row> {
  label: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  keyOf: (row: Row) => string
  /** The page of a row, which its first cell links to. */
  linkOf?: (row: Row) => string | undefined
  empty?: ComponentChildren
}

const classOf = ({ isNumber, isWhole, isMinor }: { isNumber?: boolean; isWhole?: boolean; isMinor?: boolean }): string =>
  [isNumber && 'number', isWhole && 'whole', isMinor && 'minor'].filter(Boolean).join(' ')

export const Table = <Row,>({ label, columns, rows, keyOf, linkOf, empty }: TableParts<Row>) => {
  if (!rows.length && empty !== undefined) return <>{empty}</>
  return (
    <div class="table-frame" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {columns.map((column, at) => (
              <th key={at} scope="col" class={classOf(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const link = linkOf?.(row)
            return (
              <tr key={keyOf(row)} class={link ? 'linked' : ''}>
                {columns.map((column, at) => (
                  <td key={at} class={classOf(column)}>
                    {at === 0 && link ? (
                      <a class="row-link" href={link}>
                        {column.cell(row)}
                      </a>
                    ) : (
                      column.cell(row)
                    )}
                  </td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

/** Leads to the next page of a list, whose token is in the address under a name, and back. */
export const Pager = ({ next, name = 'page' }: { next: string | undefined; name?: string }) => {
  const { get, set } = useParameters()
  const isLater = get(name) !== undefined
  if (!next && !isLater) return null
  return (
    <nav class="pager" aria-label="Pages">
      {isLater && (
        <>
          <button type="button" onClick={() => set({ [name]: undefined })}>
            First page
          </button>
          {hasStepBack() && (
            <button type="button" onClick={() => history.back()}>
              Back
            </button>
          )}
        </>
      )}
      {next && (
        <button type="button" onClick={() => set({ [name]: next })}>
          Next page
        </button>
      )}
    </nav>
  )
}
