import { useParameters } from '../../parts/address.ts'
import { ChoiceFilter, DayFilter, Filters } from '../../parts/filters.tsx'
import { useOrganization } from '../../parts/organization.ts'
import { Page, Shown } from '../../parts/page.tsx'
import { EventsCard, RevenueCard } from './cards.tsx'
import { RANGES, ownBoundsOf, rangeOf } from './range.ts'
import { Troubles } from './troubles.tsx'
import { UsageCards } from './usage.tsx'

const PERIODS = [
  ['HOUR', 'By hour'],
  ['DAY', 'By day'],
  ['WEEK', 'By week'],
  ['MONTH', 'By month'],
] as const

export const Overview = () => {
  const { get } = useParameters()
  const organization = useOrganization()
  const chosen = get('range') ?? '30'
  const own = [get('from'), get('until')] as const
  return (
    <Page title="Overview" above={organization.data?.name}>
      <Filters>
        <ChoiceFilter name="range" label="Time" of={RANGES.filter(([value]) => value !== '30')} usual="Last 30 days" />
        {chosen === 'own' && (
          <>
            <DayFilter name="from" label="From (UTC)" />
            <DayFilter name="until" label="Until and with" />
          </>
        )}
        <ChoiceFilter name="by" label="Granularity" of={PERIODS} usual="What fits" />
      </Filters>
      <Shown reading={organization}>
        {({ now, baseCurrency }) => {
          const by = get('by')
          const range = rangeOf(chosen, Date.parse(now), by, own)
          return (
            <>
              {chosen === 'own' && !ownBoundsOf(own) && (
                <p class="notice">Choose the first and the last day. Until then, the last 30 days are shown.</p>
              )}
              {by && by !== range.period && <p class="notice">That would be too many points, so what fits is shown.</p>}
              <div class="cards">
                <EventsCard range={range} />
                <RevenueCard range={range} currency={baseCurrency} />
                <Troubles range={range} />
                <UsageCards range={range} currency={baseCurrency} />
              </div>
            </>
          )
        }}
      </Shown>
    </Page>
  )
}
