import { linkTo, useParameters } from '../../parts/address.ts'
import { Chart } from '../../parts/chart.tsx'
import { api, read } from '../../parts/client.ts'
import type { Exact } from '../../parts/exact_json.ts'
import { money, quantity } from '../../parts/format.ts'
import { Empty, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { type Share, sharesOf, useMetrics, useRevenue } from './metrics.ts'
import type { Range } from './range.ts'

const MOST_SHOWN = 8

/** Names with what each of them adds up to, as bars. */
const Shares = ({
  of,
  nameOf,
  linkOf,
  show,
}: {
  of: readonly Share[]
  nameOf: (key: string) => string
  linkOf: (key: string) => string
  show: (sum: Exact) => string
}) => {
  const most = Number(of[0]?.sum ?? 1)
  return (
    <>
      <ol class="shares">
        {of.slice(0, MOST_SHOWN).map(({ key, sum }) => (
          <li key={key}>
            <progress value={Math.max(0, Number(sum))} max={most} aria-hidden="true" />
            <a href={linkOf(key)}>{nameOf(key)}</a>
            <span>{show(sum)}</span>
          </li>
        ))}
      </ol>
      {of.length > MOST_SHOWN && <p class="muted">and {quantity(of.length - MOST_SHOWN)} more</p>}
    </>
  )
}

const cutToTwo = (value: Exact): string => String(value).replace(/(\.\d\d)\d+$/, '$1')

const readMeters = async () => (await read(api.GET('/usage_meters', { params: { query: { pageSize: 100 } } }))).data

/** Usage of a meter over time and by account, and revenue by account. The meter is in the address. */
export const UsageCards = ({ range, currency }: { range: Range; currency: string }) => {
  const { get, set } = useParameters()
  const meters = useRead('usage meters', readMeters)
  const meter = meters.data?.find(({ id }) => id === get('meter')) ?? meters.data?.find(({ status }) => status === 'ACTIVE')
  const filters = meter && [{ fieldName: 'USAGE_METER_ID', fieldValues: [meter.id] }]
  const overTime = useMetrics(range, filters ? [{ name: 'METER_USAGE', aggregationPeriod: range.period, filters }] : [])
  /** Asked by itself: of thousands of accounts it takes longer than the rest of the page. */
  const byAccount = useMetrics(range, filters ? [{ name: 'METER_USAGE', aggregationPeriod: 'MONTH', groupBy: 'ACCOUNT_ID', filters }] : [])
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
        {meters.data && !meter ? (
          <Empty title="There are no usage meters yet.">
            <a href={linkTo('meters')}>Make one</a>, and usage is measured.
          </Empty>
        ) : (
          <Shown reading={overTime}>
            {([series]) => (
              <Chart
                label={`Usage of ${meter?.displayName ?? ''}`}
                timestamps={series?.[0]?.timestamps ?? []}
                period={range.period}
                kind="bars"
                show={quantity}
                series={[{ name: meter?.displayName ?? '', values: series?.[0]?.metricValues ?? [], colour: 'four' }]}
              />
            )}
          </Shown>
        )}
      </section>
      {meter && (
        <section class="card" aria-label="Usage by account">
          <header>
            <h2>{meter.displayName}, by account</h2>
          </header>
          <Shown reading={byAccount}>
            {([points = []]) => (
              <Shares of={sharesOf(points)} nameOf={(id) => id} linkOf={(id) => linkTo('accounts', id)} show={quantity} />
            )}
          </Shown>
        </section>
      )}
      <section class="card" aria-label="Revenue by account">
        <header>
          <h2>Revenue by account</h2>
        </header>
        <Shown reading={revenue}>
          {([, shares = []]) => (
            <Shares
              of={sharesOf(shares)}
              nameOf={(id) => id}
              linkOf={(id) => linkTo('accounts', id)}
              show={(sum) => money(cutToTwo(sum), currency)}
            />
          )}
        </Shown>
      </section>
    </>
  )
}
