import { useState } from 'preact/hooks'
import { linkTo, useParameters } from '../../parts/address.ts'
import { AuditTrail } from '../../parts/audit_trail.tsx'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { CheckField, DialogButton, Form } from '../../parts/form.tsx'
import { counted, wordsOf } from '../../parts/format.ts'
import { Facts, Page, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { RuleTable } from '../../parts/rule_table.tsx'
import { useRights } from '../../parts/session.ts'
import { Settings } from '../../parts/settings.tsx'
import type { Names } from '../../routes.ts'
import { RateCards } from './cards.tsx'
import { notesOf } from './slabs.tsx'
import { Versions } from './versions.tsx'

type Plan = Schemas['PricePlan']

const ActivateForm = ({ plan, close }: { plan: Plan; close: () => void }) => {
  const supported = plan.pricingSchedule[0]?.pricePlanDetails?.supportedCurrencies ?? []
  const [chosen, choose] = useState<readonly string[]>(supported)
  const send = () =>
    read(
      api.POST('/price_plans/{price_plan_id}/activate', {
        params: { path: { price_plan_id: plan.id } },
        body: { currencies: [...chosen] },
      }),
    )
  return (
    <Form action="Publish" send={send} done={close} cancel={close} isDisabled={!chosen.length}>
      <p>Accounts can be given the plan then, in these currencies:</p>
      {supported.map((currency) => (
        <CheckField
          key={currency}
          label={currency}
          value={chosen.includes(currency)}
          set={(isChosen) => choose(isChosen ? [...chosen, currency] : chosen.filter((one) => one !== currency))}
        />
      ))}
    </Form>
  )
}

const Actions = ({ plan }: { plan: Plan }) => {
  const details = plan.pricingSchedule[0]?.pricePlanDetails
  const isPublishedInAll = plan.status === 'ACTIVE' && details?.supportedCurrencies.every((one) => details.activeCurrencies.includes(one))
  if (plan.status === 'ARCHIVED') return null
  return (
    <>
      {!isPublishedInAll && (
        <DialogButton label="Publish" title={`Publish ${plan.name}`} tone="primary">
          {(close) => <ActivateForm plan={plan} close={close} />}
        </DialogButton>
      )}
      <a class="button" href={linkTo('plans', plan.id, 'edit')}>
        Edit
      </a>
      <DialogButton label="Archive" title={`Archive ${plan.name}?`} tone="quiet">
        {(close) => (
          <Form
            action="Archive plan"
            send={() => read(api.DELETE('/price_plans/{price_plan_id}', { params: { path: { price_plan_id: plan.id } } }))}
            done={close}
            cancel={close}
            isDangerous
          >
            <p>No account can be given it any more. A plan that is in force for an account cannot be archived.</p>
          </Form>
        )}
      </DialogButton>
    </>
  )
}

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday']

/** On which day of the week or the month a cycle begins. */
const dayOf = (cycle: Schemas['PricingCycleConfig'] | undefined): string | undefined => {
  const day = cycle?.startOffset?.dayOffset
  if (cycle?.interval === 'WEEKLY') return WEEKDAYS[day === 'LAST' ? WEEKDAYS.length - 1 : Number(day) - 1]
  return day === 'LAST' ? 'the last' : day
}

const monthOf = (cycle: Schemas['PricingCycleConfig'] | undefined): string | undefined => {
  const month = cycle?.startOffset?.monthOffset
  return month === undefined || cycle?.interval === 'WEEKLY' || cycle?.interval === 'MONTHLY' ? undefined : `month ${month.toLowerCase()}`
}

export const PlanPage = ({ names: { id = '' } }: { names: Names }) => {
  const { get } = useParameters()
  const { writes } = useRights()
  const version = get('version')
  const query = version ? { version: Number(version) } : {}
  const reading = useRead(`plan ${id} ${version ?? ''}`, () =>
    read(api.GET('/price_plans/{price_plan_id}', { params: { path: { price_plan_id: id }, query } })),
  )
  const plan = reading.data
  return (
    <Page
      title={plan?.name ?? 'Price plan'}
      above={
        <>
          <a href={linkTo('plans')}>Price plans</a> · <code>{id}</code>
        </>
      }
      beside={plan && <Badge of={plan.status} />}
      actions={writes && plan && !version && <Actions plan={plan} />}
    >
      <Shown reading={reading}>
        {({ description, type, pricingSchedule: [schedule] }) => {
          const details = schedule?.pricePlanDetails
          const cycle = details?.pricingCycleConfig
          return (
            <>
              {version && (
                <p class="notice">
                  This is version {version}. <a href={linkTo('plans', id)}>Show the newest</a>
                </p>
              )}
              {description && <p class="lead">{description}</p>}
              <Facts
                of={[
                  ['Version', schedule?.version],
                  ['Kind', type === 'PURCHASE' ? 'Bought once' : 'Billed each cycle'],
                  ['Cycle', cycle && wordsOf(cycle.interval)],
                  [
                    'Begins on day',
                    cycle?.anniversaryCycle ? 'on which an account is given the plan' : notesOf([dayOf(cycle), monthOf(cycle)]),
                  ],
                  ['Grace period', cycle && counted(cycle.gracePeriod, 'day')],
                  ['Currencies', details?.supportedCurrencies.join(', ')],
                  ['Published in', details?.activeCurrencies.join(', ')],
                  ['Revenue', details?.deferredRevenue && 'recognized when its invoice falls due'],
                  ['Open cycles', details?.allow_ongoing_cycle_updates && 'can be changed from their start on'],
                ]}
              />
              {details && <RateCards details={details} />}
              <Section title="Pricing rules">
                <RuleTable rules={schedule?.pricingRules ?? []} />
              </Section>
              <Versions planId={id} />
              <Settings entityType="PRICE_PLAN" entityId={id} />
              <Section title="Audit trail">
                <AuditTrail type="PRICE_PLAN" id={id} />
              </Section>
            </>
          )
        }}
      </Shown>
    </Page>
  )
}
