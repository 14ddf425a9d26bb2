import { linkTo } from '../../parts/address.ts'
import { Chart } from '../../parts/chart.tsx'
import { dayOf, money, quantity, sumOf } from '../../parts/format.ts'
import { Shown } from '../../parts/page.tsx'
import { cutToTwo, layOver, useEvents, useRevenue } from './metrics.ts'
import { type Range, datesOf } from './range.ts'

export const EventsCard = ({ range }: { range: Range }) => {
  const reading = useEvents(range)
  const days = datesOf(range)
  return (
    <section class="card" aria-label="Events">
      <header>
        <h2>Events</h2>
        <a href={linkTo('events', days)}>List</a>
      </header>
      <Shown reading={reading}>
        {([all, points = []]) => {
          const buckets = all?.[0]?.timestamps ?? []
          const of = (status: string) =>
            layOver(
              buckets,
              points.find(({ groupedBy }) => groupedBy?.fieldValue === status),
            )
          const [processed, unprocessed] = [of('PROCESSED'), of('UNPROCESSED')]
          const sums = [sumOf(processed), sumOf(unprocessed)]
          return (
            <>
              <dl class="figures">
                <Figure name="Total" value={quantity(sumOf(sums))} />
                <Figure name="Processed" value={quantity(sums[0] ?? 0)} />
                <Figure name="Unprocessed" value={quantity(sums[1] ?? 0)} link={linkTo('events', { status: 'UNPROCESSED', ...days })} />
              </dl>
              <Chart
                label={`Events from ${dayOf(range.from)}: ${quantity(sumOf(sums))}`}
                timestamps={buckets}
                period={range.period}
                kind="bars"
                show={quantity}
                series={[
                  { name: 'Processed', values: processed, colour: 'one' },
                  { name: 'Unprocessed', values: unprocessed, colour: 'two' },
                ]}
              />
            </>
          )
        }}
      </Shown>
    </section>
  )
}

const Figure = ({ name, value, link }: { name: string; value: string; link?: string }) => (
  <div class="figure">
    <dt>{name}</dt>
    <dd>{link ? <a href={link}>{value}</a> : value}</dd>
  </div>
)

export const RevenueCard = ({ range, currency }: { range: Range; currency: string }) => {
  const reading = useRevenue(range)
  return (
    <section class="card" aria-label="Revenue">
      <header>
        <h2>Revenue</h2>
        <span class="muted">before credits, in {currency}</span>
      </header>
      <Shown reading={reading}>
        {([series]) => (
          <>
            <dl class="figures">
              <Figure name="In all" value={money(cutToTwo(sumOf(series?.[0]?.metricValues ?? [])), currency)} />
            </dl>
            <Chart
              label={`Revenue from ${dayOf(range.from)}`}
              timestamps={series?.[0]?.timestamps ?? []}
              period={range.period}
              kind="lines"
              show={(value) => money(cutToTwo(value), currency)}
              series={[{ name: 'Revenue', values: series?.[0]?.metricValues ?? [], colour: 'three' }]}
            />
          </>
        )}
      </Shown>
    </section>
  )
}
