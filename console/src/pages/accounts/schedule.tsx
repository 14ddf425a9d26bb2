import { linkTo } from '../../parts/address.ts'
import { api, read } from '../../parts/client.ts'
import { dayOf } from '../../parts/format.ts'
import { useOrganization } from '../../parts/organization.ts'
import { Empty, Facts, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { readAll } from '../../parts/read_all.ts'
import { Days } from '../../parts/time.tsx'
import type { Names } from '../../routes.ts'
import { RateCards } from '../plans/cards.tsx'
import { cardsOf } from '../plans/draft_of.ts'
import { useBillables } from '../plans/names.ts'
import { variablesOf } from '../plans/variables.ts'
import { ScheduleRules } from './schedule_rules.tsx'
import { type Schedule, readSchedules } from './timeline.tsx'

const DAY = 86_400_000

/** The ids of the schedules that are in the draft of an account, if it has one. */
const readDraft = async (accountId: string): Promise<string[]> => {
  const drafted = await readAll((nextToken) => {
    const query = { mode: 'DRAFT' as const, nextToken, pageSize: 100 }
    return read(api.GET('/v2/accounts/{account_id}/schedules', { params: { path: { account_id: accountId }, query } }))
  })
  return drafted.map(({ id }) => id)
}

const Details = ({ accountId, schedule, now }: { accountId: string; schedule: Schedule; now: number }) => {
  const { nameOf } = useBillables()
  const draft = useRead(`draft schedules ${accountId}`, () => readDraft(accountId))
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
      <Shown reading={draft}>
        {(drafted) => (
          <ScheduleRules
            accountId={accountId}
            scheduleId={id}
            from={dayOf(Math.max(tomorrow, Date.parse(startDate)))}
            isDrafted={drafted.includes(id)}
            isOver={Date.parse(endDate) <= tomorrow}
            variables={details ? variablesOf(cardsOf(details), nameOf) : []}
          />
        )}
      </Shown>
    </>
  )
}

/** What an account is charged for some days: the prices of its plan or its own, and its rules. */
export const SchedulePage = ({ names: { id = '', schedule: scheduleId = '' } }: { names: Names }) => {
  const organization = useOrganization()
  const reading = useRead(`whole schedules ${id}`, () => readSchedules(id, false))
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
        {() =>
          found ? (
            <Shown reading={organization}>{({ now }) => <Details accountId={id} schedule={found} now={Date.parse(now)} />}</Shown>
          ) : (
            <Empty title="The account has no such schedule any more." />
          )
        }
      </Shown>
    </Page>
  )
}
