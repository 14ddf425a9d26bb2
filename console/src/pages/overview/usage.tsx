import { linkTo, useParameters } from '../../parts/address.ts'
import { Chart } from '../../parts/chart.tsx'
import { api, read } from '../../parts/client.ts'
import type { Exact } from '../../parts/exact_json.ts'
import { money, quantity } from '../../parts/format.ts'
import { Empty, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { readAll } from '../../parts/read_all.ts'
import { MOST_ACCOUNTS, type Share, cutToTwo, sharesOf, useMetrics, useRevenue } from './metrics.ts'
import type { Range } from './range.ts'

/** Accounts with what each of them adds up to, as bars, the largest first, and below them all others. */
const Shares = ({ of, show }: { of: readonly Share[]; show: (sum: Exact) => string }) => {
  if (!of.length) return <p class="muted">There is nothing in this time.</p>
  const most = Number(of[0]?.key === undefined ? 1 : of[0].sum)
  return (
    <ol class="shares">
      {of.map(({ key, sum }) => (
        <li key={key ?? ''}>
          <progress value={key === undefined ? 0 : Math.max(0, Number(sum))} max={most} aria-hidden="true" />
          {key === undefined ? <span class="muted">All others</span> : <a href={linkTo('accounts', key)}>{key}</a>}
          <span>{show(sum)}</span>
        </li>
      ))}
    </ol>
  )
}

const readMeters = () => readAll((nextToken) => read(api.GET('/usage_meters', { params: { query: { pageSize: 100, nextToken } } })))

/** Usage of a meter over time and by account, and revenue by account. The meter is in the address. */
export const UsageCards = ({ range, currency }: { range: Range; currency: string }) => {
  const { get, set } = useParameters()
  const meters = useRead('usage meters', readMeters)
  const meter = meters.data?.find(({ id }) => id === get('meter')) ?? meters.data?.find(({ status }) => status === 'ACTIVE')
  const filters = meter && [{ fieldName: 'USAGE_METER_ID', fieldValues: [meter.id] }]
  const overTime = useMetrics(range, filters ? [{ name: 'METER_USAGE', aggregationPeriod: range.period, filters }] : [])
  /** Asked by itself: of thousands of accounts it takes longer than the rest of the page. */
  const byAccount = useMetrics(
    range,
    filters ? [{ name: 'METER_USAGE', aggregationPeriod: 'MONTH', groupBy: 'ACCOUNT_ID', largestGroups: MOST_ACCOUNTS, filters }] : [],
  )
  const revenue = useRevenue(range)
  return (
    <>
      <section class="card" aria-label="Usage">
        <header>
          <h2>Usage</h2>
          {meters.data && meters.data.length > 0 && (
            <select
              aria-label="Usage meter"
              class="in-head"
              value={meter?.id}
              onChange={(event) => set({ meter: event.currentTarget.value })}
            >
              {meters.data.map(({ id, displayName }) => (
                <option key={id} value={id}>
                  {displayName}
                </option>
              ))}
            </select>
          )}
        </header>
        <Shown reading={meters}>
          {() =>
            meter ? (
              <Shown reading={overTime}>
                {([series]) => (
                  <Chart
                    label={`Usage of ${meter.displayName}`}
                    timestamps={series?.[0]?.timestamps ?? []}
                    period={range.period}
                    kind="bars"
                    show={quantity}
                    series={[{ name: meter.displayName, values: series?.[0]?.metricValues ?? [], colour: 'four' }]}
                  />
                )}
              </Shown>
            ) : (
              <Empty title="No usage meter is active yet.">
                <a href={linkTo('meters')}>Make one</a>, and usage is measured.
              </Empty>
            )
          }
        </Shown>
      </section>
      {meter && (
        <section class="card" aria-label="Usage by account">
          <header>
            <h2>{meter.displayName}, accounts with most of it</h2>
          </header>
          <Shown reading={byAccount}>{([points = []]) => <Shares of={sharesOf(points)} show={quantity} />}</Shown>
        </section>
      )}
      <section class="card" aria-label="Revenue by account">
        <header>
          <h2>Accounts with most revenue</h2>
        </header>
        <Shown reading={revenue}>
          {([, shares = []]) => <Shares of={sharesOf(shares)} show={(sum) => money(cutToTwo(sum), currency)} />}
        </Shown>
      </section>
    </>
  )
}
