import { linkTo } from '../../parts/address.ts'
import { eventStatus } from '../../parts/badge.tsx'
import { api, read } from '../../parts/client.ts'
import { quantity } from '../../parts/format.ts'
import { readOverdueQuery } from '../../parts/invoice_table.tsx'
import { Loading, Refusal } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { PERIOD, sharesOf, useEvents } from './metrics.ts'
import { type Range, datesOf } from './range.ts'

const PAGES = 4

interface Count {
  count: number
  /** Whether there are no more. */
  isAll: boolean
}

/** How many invoices are overdue. */
const countOverdue = async (): Promise<Count> => {
  const overdue = await readOverdueQuery()
  let [count, nextToken]: [number, string | undefined] = [0, undefined]
  for (let page = 0; page < PAGES; page++) {
    const query = nextToken ? { nextToken } : { ...overdue, pageSize: 50 }
    const list: { data: unknown[]; nextToken?: string } = await read(api.GET('/invoices', { params: { query } }))
    count += list.data.length
    nextToken = list.nextToken
    if (!nextToken) return { count, isAll: true }
  }
  return { count, isAll: false }
}

const countWaiting = async (): Promise<Count> => {
  const { data, nextToken } = await read(api.GET('/invoices/bill_runs'))
  return { count: data.length, isAll: !nextToken }
}

const countIncidents = async (): Promise<Count> => {
  const { data, nextToken } = await read(api.GET('/incidents', { params: { query: { status: 'OPEN', pageSize: 100 } } }))
  return { count: data.length, isAll: !nextToken }
}

interface TroubleParts {
  name: string
  count: string
  link: string
}

const Trouble = ({ name, count, link }: TroubleParts) => (
  <li>
    <a href={link}>{name}</a>
    <strong>{count}</strong>
  </li>
)

/** A count as a trouble, or nothing where it is not known or 0. */
const troubleOf = (name: string, counted: Count | undefined, link: string): TroubleParts[] =>
  counted?.count ? [{ name, count: quantity(counted.count) + (counted.isAll ? '' : ' or more'), link }] : []

/** What somebody has to look at now, each with a link to the list behind it. That there is nothing is said once all of it is known. */
export const Troubles = ({ range }: { range: Range }) => {
  const causes = useEvents(range)
  const overdue = useRead('overdue invoices', countOverdue, PERIOD)
  const incidents = useRead('open incidents', countIncidents, PERIOD)
  const waiting = useRead('waiting for a bill run', countWaiting, PERIOD)
  const readings = [causes, overdue, incidents, waiting]
  const failed = readings.find(({ failure }) => failure)
  const isKnown = readings.every(({ data }) => data !== undefined)
  const shares = sharesOf(causes.data?.[2] ?? []).toSorted((one, other) => Number(other.sum) - Number(one.sum))
  const troubles = [
    ...troubleOf('Invoices overdue', overdue.data, linkTo('invoices', { overdue: 'yes' })),
    ...troubleOf('Incidents open', incidents.data, linkTo('incidents', { status: 'OPEN' })),
    ...troubleOf('Invoices that wait for a bill run', waiting.data, linkTo('bill-runs')),
    ...shares.map(({ key = '', sum }) => ({
      name: `Events: ${eventStatus(key).toLowerCase()}`,
      count: quantity(sum),
      link: linkTo('events', { status: key, ...datesOf(range) }),
    })),
  ]
  const readAgain = (): void => {
    for (const { failure, reload } of readings) if (failure) reload()
  }
  return (
    <section class="card" aria-label="To look at">
      <header>
        <h2>To look at</h2>
      </header>
      {failed?.failure && <Refusal failure={failed.failure} retry={readAgain} />}
      {!isKnown && !failed && <Loading />}
      <ul class="troubles">
        {troubles.map((trouble) => (
          <Trouble key={trouble.name} {...trouble} />
        ))}
        {isKnown && !failed && !troubles.length && <li class="muted">Nothing. All events were processed, and no invoice is overdue.</li>}
      </ul>
    </section>
  )
}
