import { linkTo } from '../../parts/address.ts'
import { api, read } from '../../parts/client.ts'
import { dayOf } from '../../parts/format.ts'
import { useOrganization } from '../../parts/organization.ts'
import { Empty, Facts, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { Days } from '../../parts/time.tsx'
import type { Names } from '../../routes.ts'
import { RateCards } from '../plans/cards.tsx'
import { cardsOf } from '../plans/draft_of.ts'
import { useBillables } from '../plans/names.ts'
import { variablesOf } from '../plans/variables.ts'
import { ScheduleRules } from './schedule_rules.tsx'
import type { Schedule } from './timeline.tsx'

const DAY = 86_400_000

const readSchedules = async (accountId: string): Promise<Schedule[]> => {
  const query = { start_date: '1970-01-01T00:00:00Z', include_price_plan_info: true, pageSize: 100 }
  return (await read(api.GET('/accounts/{account_id}/pricing_schedules', { params: { path: { account_id: accountId }, query } }))).data
}

const readDraft = async (accountId: string): Promise<string[]> => {
  const params = { path: { account_id: accountId }, query: { mode: 'DRAFT' as const, pageSize: 100 } }
  return (await read(api.GET('/v2/accounts/{account_id}/schedules', { params }))).data.map(({ id }) => id)
}

const Details = ({ accountId, schedule }: { accountId: string; schedule: Schedule }) => {
  const { nameOf } = useBillables()
  const organization = useOrganization()
  const draft = useRead(`draft schedules ${accountId}`, () => readDraft(accountId))
  const now = Date.parse(organization.data?.now ?? new Date().toISOString())
  const { id, pricePlanId, pricePlanName, version, startDate, endDate, isOverriden, pricePlanDetails: details } = schedule
  const tomorrow = Math.floor(now / DAY) * DAY + DAY
  return (
    <>
      <Facts
        of={[
          ['Price plan', <a href={linkTo('plans', pricePlanId, { version: String(version) })}>{pricePlanName ?? pricePlanId}</a>],
          ['Version', version],
          ['Days (UTC)', <Days from={startDate} until={endDate} />],
          ['Own prices or rules', isOverriden ? 'yes' : 'no'],
        ]}
      />
      {details && <RateCards details={details} />}
      <ScheduleRules
        accountId={accountId}
        scheduleId={id}
        from={dayOf(Math.max(tomorrow, Date.parse(startDate)))}
        isDrafted={draft.data?.includes(id) ?? false}
        isOver={Date.parse(endDate) <= tomorrow}
        variables={details ? variablesOf(cardsOf(details), nameOf) : []}
      />
    </>
  )
}

/** What an account is charged for some days: the prices of its plan or its own, and its rules. */
export const SchedulePage = ({ names: { id = '', schedule: scheduleId = '' } }: { names: Names }) => {
  const reading = useRead(`whole schedules ${id}`, () => readSchedules(id))
  const found = reading.data?.find((one) => one.id === scheduleId)
  return (
    <Page
      title={found ? `${found.pricePlanName ?? found.pricePlanId} of ${id}` : 'Schedule'}
      above={
        <>
          <a href={linkTo('accounts')}>Accounts</a> · <a href={linkTo('accounts', id)}>{id}</a> · <code>{scheduleId}</code>
        </>
      }
    >
      <Shown reading={reading}>
        {() => (found ? <Details accountId={id} schedule={found} /> : <Empty title="The account has no such schedule any more." />)}
      </Shown>
    </Page>
  )
}
