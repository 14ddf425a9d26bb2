import { linkTo } from '../../parts/address.ts'
import { eventStatus } from '../../parts/badge.tsx'
import { api, read } from '../../parts/client.ts'
import { quantity } from '../../parts/format.ts'
import { overdueAt } from '../../parts/invoice_table.tsx'
import { Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { sharesOf, useEvents } from './metrics.ts'
import type { Range } from './range.ts'

const PAGES = 4

/** How many invoices are overdue, and whether there may be more. */
const countOverdue = async (now: string): Promise<{ count: number; isAll: boolean }> => {
  let [count, nextToken]: [number, string | undefined] = [0, undefined]
  for (let page = 0; page < PAGES; page++) {
    const query = nextToken ? { nextToken } : { ...overdueAt(now), pageSize: 50 }
    const list: { data: unknown[]; nextToken?: string } = await read(api.GET('/invoices', { params: { query } }))
    count += list.data.length
    nextToken = list.nextToken
    if (!nextToken) return { count, isAll: true }
  }
  return { count, isAll: false }
}

const countWaiting = async (): Promise<{ count: number; isAll: boolean }> => {
  const { data, nextToken } = await read(api.GET('/invoices/bill_runs'))
  return { count: data.length, isAll: !nextToken }
}

const countIncidents = async (): Promise<{ count: number; isAll: boolean }> => {
  const { data, nextToken } = await read(api.GET('/incidents', { params: { query: { status: 'OPEN', pageSize: 100 } } }))
  return { count: data.length, isAll: !nextToken }
}

const Trouble = ({ name, count, link }: { name: string; count: string; link: string }) => (
  <li>
    <a href={link}>{name}</a>
    <strong>{count}</strong>
  </li>
)

const numberOf = ({ count, isAll }: { count: number; isAll: boolean }): string => quantity(count) + (isAll ? '' : ' or more')

/** What somebody has to look at now, each with a link to the list behind it. */
export const Troubles = ({ now, range }: { now: string; range: Range }) => {
  const causes = useEvents(range)
  const overdue = useRead(`overdue ${now}`, () => countOverdue(now))
  const incidents = useRead('open incidents', countIncidents)
  const waiting = useRead('waiting for a bill run', countWaiting)
  const days = { from: range.from.slice(0, 10), until: new Date(Date.parse(range.until) - 1).toISOString().slice(0, 10) }
  return (
    <section class="card" aria-label="To look at">
      <header>
        <h2>To look at</h2>
      </header>
      <Shown reading={causes}>
        {([, , points = []]) => {
          const shares = sharesOf(points).toSorted((one, other) => Number(other.sum) - Number(one.sum))
          const isCalm = !shares.length && !overdue.data?.count && !waiting.data?.count && !incidents.data?.count
          return (
            <ul class="troubles">
              {overdue.data && overdue.data.count > 0 && (
                <Trouble name="Invoices overdue" count={numberOf(overdue.data)} link={linkTo('invoices', { overdue: 'yes' })} />
              )}
              {incidents.data && incidents.data.count > 0 && (
                <Trouble name="Incidents open" count={numberOf(incidents.data)} link={linkTo('incidents', { status: 'OPEN' })} />
              )}
              {waiting.data && waiting.data.count > 0 && (
                <Trouble name="Invoices that wait for a bill run" count={numberOf(waiting.data)} link={linkTo('bill-runs')} />
              )}
              {shares.map(({ key = '', sum }) => (
                <Trouble
                  key={key}
                  name={`Events: ${eventStatus(key).toLowerCase()}`}
                  count={quantity(sum)}
                  link={linkTo('events', { status: key, ...days })}
                />
              ))}
              {isCalm && <li class="muted">Nothing. All events were processed, and no invoice is overdue.</li>}
            </ul>
          )
        }}
      </Shown>
    </section>
  )
}
