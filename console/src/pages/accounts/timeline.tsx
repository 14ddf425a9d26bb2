import { useState } from 'preact/hooks'
import { linkTo } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { ChoiceField, DialogButton, TextField } from '../../parts/form.tsx'
import { dayOf, isForever } from '../../parts/format.ts'
import { Empty, Section, Shown } from '../../parts/page.tsx'
import { type Reading, useRead } from '../../parts/read.ts'
import { readAll } from '../../parts/read_all.ts'
import { useRights } from '../../parts/session.ts'
import { Table } from '../../parts/table.tsx'
import { Days } from '../../parts/time.tsx'
import { TrialForm } from '../../parts/trial_form.tsx'

export type Schedule = Schemas['PricingScheduleWithPricePlanId']

const DAY = 86_400_000
const COLOURS = ['one', 'three', 'four', 'five', 'six', 'two']

/** Reads all schedules of an account, past ones too. Without prices and rules where `compact` is. */
export const readSchedules = (accountId: string, compact: boolean): Promise<Schedule[]> =>
  readAll((nextToken) => {
    const query = { start_date: '1970-01-01T00:00:00Z', include_price_plan_info: true, compact, nextToken, pageSize: 100 }
    return read(api.GET('/accounts/{account_id}/pricing_schedules', { params: { path: { account_id: accountId }, query } }))
  })

export const useSchedules = (accountId: string): Reading<Schedule[]> =>
  useRead(`schedules ${accountId}`, () => readSchedules(accountId, true))

const nameOf = ({ pricePlanName, pricePlanInfo, pricePlanId }: Schedule): string => pricePlanName ?? pricePlanInfo?.name ?? pricePlanId

/** The schedules as bars along the time, with today marked. A bar without an end reaches beyond the edge. */
const Picture = ({ schedules, now }: { schedules: readonly Schedule[]; now: string }) => {
  const today = Date.parse(now)
  const starts = schedules.map(({ startDate }) => Date.parse(startDate))
  const ends = schedules.filter(({ endDate }) => !isForever(endDate)).map(({ endDate }) => Date.parse(endDate))
  const first = Math.min(...starts, today - 30 * DAY)
  const last = Math.max(...ends, ...starts.map((start) => start + 60 * DAY), today + 90 * DAY)
  const at = (time: number): number => (100 * (Math.min(Math.max(time, first), last) - first)) / (last - first)
  const plans = [...new Set(schedules.map(({ pricePlanId }) => pricePlanId))]
  return (
    <div
      class="timeline"
      role="img"
      aria-label={`Price plans: ${schedules.map((one) => `${nameOf(one)} from ${dayOf(one.startDate)}`).join(', ')}`}
    >
      {schedules.map((schedule) => {
        const [from, until] = [at(Date.parse(schedule.startDate)), at(Date.parse(schedule.endDate))]
        const colour = COLOURS[plans.indexOf(schedule.pricePlanId) % COLOURS.length]
        return (
          <div
            key={schedule.id}
            class={`span colour ${colour} ${isForever(schedule.endDate) ? 'open' : ''}`}
            style={{ left: `${from}%`, width: `${Math.max(0.5, until - from)}%` }}
          >
            <span>{nameOf(schedule)}</span>
          </div>
        )
      })}
      <div class="today" style={{ left: `${at(today)}%` }}>
        <span>now</span>
      </div>
      <div class="edges">
        <span>{dayOf(first)}</span>
        <span>{dayOf(last)}</span>
      </div>
    </div>
  )
}

/** The plans that can be put in force: those that are bought once cannot. */
const readPlans = () =>
  readAll((nextToken) => {
    const query = { status: 'ACTIVE' as const, type: 'BILLING' as const, nextToken, pageSize: 100 }
    return read(api.GET('/price_plans', { params: { query } }))
  })

const PlanForm = ({ accountId, now, isFirst, close }: { accountId: string; now: string; isFirst: boolean; close: () => void }) => {
  const plans = useRead('plans that recur', readPlans)
  const [mode, setMode] = useState<string>('ASSOCIATE')
  const [plan, setPlan] = useState('')
  const [from, setFrom] = useState(new Date(Date.parse(now) + (isFirst ? 0 : DAY)).toISOString().slice(0, 10))
  const [until, setUntil] = useState('')
  const changePlan = (isTry: boolean) => {
    const body = {
      mode: mode as 'ASSOCIATE',
      effectiveFrom: from,
      effectiveUntil: until || '9999-01-01',
      ...(mode === 'ASSOCIATE' && { pricePlanId: plan }),
    }
    const query = isTry ? { dry_run: true } : {}
    return read(api.POST('/accounts/{account_id}/price_plans', { params: { path: { account_id: accountId }, query }, body }))
  }
  return (
    <TrialForm
      action={mode === 'ASSOCIATE' ? 'Put the plan in force' : 'End the plan'}
      typed={[mode, plan, from, until]}
      attempt={changePlan}
      done={close}
      cancel={close}
      isDangerous={mode !== 'ASSOCIATE'}
      shows={({ pricingSchedules }) => (
        <ul>
          {pricingSchedules.map(({ id, pricePlanName, startDate, endDate }) => (
            <li key={id}>
              <strong>{pricePlanName}</strong> <Days from={startDate} until={endDate} />
            </li>
          ))}
          {!pricingSchedules.length && (
            <li>
              The account has no price plan from {dayOf(from)} {until ? `until before ${dayOf(until)}` : 'on'}.
            </li>
          )}
        </ul>
      )}
    >
      <ChoiceField
        label="What shall be done"
        value={mode}
        set={setMode}
        of={[
          ['ASSOCIATE', 'Give the account a plan'],
          ['DISASSOCIATE', 'End what is in force'],
        ]}
      />
      {mode === 'ASSOCIATE' && (
        <Shown reading={plans}>
          {(all) => (
            <ChoiceField
              label="Price plan"
              value={plan}
              set={setPlan}
              none="Choose one"
              of={all.map(({ id, name }) => [id, name] as const)}
            />
          )}
        </Shown>
      )}
      <div class="columns">
        <TextField label="From (UTC)" type="date" value={from} set={setFrom} />
        <TextField label="Until before" type="date" value={until} set={setUntil} isOptional hint="Left empty: without end" />
      </div>
    </TrialForm>
  )
}

export const PlanTimeline = ({ accountId, schedules, now }: { accountId: string; schedules: Reading<Schedule[]>; now: string }) => {
  const { writes } = useRights()
  return (
    <Section
      title="Price plan"
      id="plan"
      actions={
        writes && (
          <DialogButton label={schedules.data?.length ? 'Change plan' : 'Give a plan'}>
            {(close) => <PlanForm accountId={accountId} now={now} isFirst={!schedules.data?.length} close={close} />}
          </DialogButton>
        )
      }
    >
      <Shown reading={schedules}>
        {(list) =>
          list.length ? (
            <>
              <Picture schedules={list} now={now} />
              <Table
                label="Price plans"
                rows={list}
                keyOf={({ id }) => id}
                linkOf={({ id }) => linkTo('accounts', accountId, 'schedules', id)}
                columns={[
                  { title: 'Plan', cell: nameOf },
                  { title: 'Days (UTC)', cell: ({ startDate, endDate }) => <Days from={startDate} until={endDate} /> },
                  { title: 'Version', cell: ({ version }) => version, isNumber: true, isMinor: true },
                  { title: 'Own prices or rules', cell: ({ isOverriden }) => (isOverriden ? 'yes' : 'no'), isMinor: true },
                ]}
              />
            </>
          ) : (
            <Empty title="The account has no price plan.">Its events are counted, but it is not billed for them.</Empty>
          )
        }
      </Shown>
    </Section>
  )
}
