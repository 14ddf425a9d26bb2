import { useState } from 'preact/hooks'
import { goTo, linkTo } from '../../parts/address.ts'
import { type Schemas, api, read, tagOf } from '../../parts/client.ts'
import { ChoiceField, Form, TextArea, TextField } from '../../parts/form.tsx'
import { useOrganization } from '../../parts/organization.ts'
import { Page, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import type { Names } from '../../routes.ts'
import { CardEditor } from './card_editor.tsx'
import { type CardDraft, type PlanDraft, detailsOf, draftOf, emptyCard, emptyPlan } from './draft.ts'
import { useBillables } from './names.ts'

type Plan = Schemas['PricePlan']

const INTERVALS = ['WEEKLY', 'MONTHLY', 'QUARTERLY', 'HALF_YEARLY', 'ANNUALLY'] as const
const MIGRATIONS = [
  ['NONE', 'Stay on their version'],
  ['NEXT_CYCLE', 'Get it with their next cycle'],
  ['START_OF_CURRENT_CYCLE', 'Get it from the start of their present cycle'],
  ['IMMEDIATE', 'Get it tomorrow'],
] as const

const currenciesOf = (typed: string): string[] => [
  ...new Set(
    typed
      .toUpperCase()
      .split(/[\s,]+/)
      .filter(Boolean),
  ),
]

const Terms = ({ draft, change, isNew }: { draft: PlanDraft; change: (part: Partial<PlanDraft>) => void; isNew: boolean }) => {
  const [currencies, setCurrencies] = useState(draft.currencies.join(', '))
  return (
    <div class="card">
      <div class="columns">
        {isNew && <TextField label="Name" value={draft.name} set={(name) => change({ name })} />}
        <TextField
          label="Currencies"
          value={currencies}
          set={(typed) => {
            setCurrencies(typed)
            change({ currencies: currenciesOf(typed) })
          }}
          hint="With commas between them, such as USD, EUR"
        />
        <ChoiceField
          label="Cycle"
          value={draft.interval}
          set={(interval) => change({ interval: interval as PlanDraft['interval'] })}
          of={INTERVALS}
        />
        <TextField label="Begins on day" value={draft.day} set={(day) => change({ day })} hint="1 to 31, LAST, or a weekday for weeks" />
        {!['WEEKLY', 'MONTHLY'].includes(draft.interval) && (
          <TextField label="and month" value={draft.month} set={(month) => change({ month })} hint="Of the cycle, from 1, or NIL" />
        )}
        <TextField
          label="Grace period in days"
          value={draft.grace}
          set={(grace) => change({ grace })}
          isNumber
          hint="Then the invoice falls due."
        />
      </div>
      <TextArea label="Description" value={draft.description} set={(description) => change({ description })} isOptional rows={2} />
    </div>
  )
}

const Commitment = ({ draft, change }: { draft: PlanDraft; change: (part: Partial<PlanDraft>) => void }) => {
  const { commitment, currencies } = draft
  if (!commitment)
    return (
      <div>
        <button type="button" onClick={() => change({ commitment: { name: 'Minimum commitment', rates: {} } })}>
          Add a minimum commitment
        </button>
      </div>
    )
  return (
    <fieldset class="card">
      <header>
        <h3>Minimum commitment</h3>
      </header>
      <div class="columns">
        <TextField label="Name on the invoice" value={commitment.name} set={(name) => change({ commitment: { ...commitment, name } })} />
        {currencies.map((currency) => (
          <TextField
            key={currency}
            label={`A cycle in ${currency}`}
            value={commitment.rates[currency] ?? ''}
            set={(rate) => change({ commitment: { ...commitment, rates: { ...commitment.rates, [currency]: rate } } })}
            isNumber
          />
        ))}
      </div>
    </fieldset>
  )
}

const Editor = ({ start, plan }: { start: PlanDraft; plan?: Plan }) => {
  const [draft, setDraft] = useState(start)
  const [migration, setMigration] = useState('NONE')
  const { all } = useBillables()
  const change = (part: Partial<PlanDraft>): void => setDraft((before) => ({ ...before, ...part }))
  const { cards, currencies } = draft
  const changeCard = (at: number, part: Partial<CardDraft>): void =>
    change({ cards: cards.map((card, index) => (index === at ? { ...card, ...part } : card)) })
  const add = (kind: CardDraft['kind']): void => change({ cards: [...cards, emptyCard(kind)] })
  const isPublished = plan?.status === 'ACTIVE'
  const send = async (): Promise<void> => {
    const pricePlanDetails = detailsOf(draft)
    const description = draft.description ? { description: draft.description } : {}
    if (!plan) {
      const { id } = await read(api.POST('/price_plans', { body: { name: draft.name, ...description, pricePlanDetails } }))
      goTo(linkTo('plans', id))
      return
    }
    const params = { path: { price_plan_id: plan.id }, header: { 'If-Match': tagOf(plan) } }
    const migrationMode = isPublished && migration !== 'NONE' ? { migrationMode: migration as 'NEXT_CYCLE' } : {}
    await read(api.PATCH('/price_plans/{price_plan_id}', { params, body: { ...description, pricePlanDetails, ...migrationMode } }))
    goTo(linkTo('plans', plan.id))
  }
  return (
    <Form action={plan ? (isPublished ? 'Publish as the next version' : 'Save draft') : 'Create plan'} send={send}>
      <Terms draft={draft} change={change} isNew={!plan} />
      <Section title="Rate cards">
        <div class="stack">
          {cards.map((card, at) => (
            <CardEditor
              key={at}
              card={card}
              currencies={currencies}
              billables={all}
              change={(part) => changeCard(at, part)}
              remove={() => change({ cards: cards.filter((_, index) => index !== at) })}
            />
          ))}
          <div class="actions">
            <button type="button" onClick={() => add('fee')}>
              Add a fee
            </button>
            <button type="button" onClick={() => add('usage')}>
              Add usage
            </button>
            <button type="button" onClick={() => add('licence')}>
              Add licences
            </button>
          </div>
          <Commitment draft={draft} change={change} />
        </div>
      </Section>
      {plan && <p class="muted">Entitlements, credits and pricing rules of the plan stay as they are. The API changes them.</p>}
      {isPublished && <ChoiceField label="Accounts on older versions" value={migration} set={setMigration} of={MIGRATIONS} />}
    </Form>
  )
}

export const NewPlan = () => {
  const organization = useOrganization()
  return (
    <Page title="New price plan" above={<a href={linkTo('plans')}>Price plans</a>}>
      <Shown reading={organization}>{({ baseCurrency }) => <Editor start={emptyPlan(baseCurrency)} />}</Shown>
    </Page>
  )
}

export const EditPlan = ({ names: { id = '' } }: { names: Names }) => {
  const reading = useRead(`plan ${id} `, () => read(api.GET('/price_plans/{price_plan_id}', { params: { path: { price_plan_id: id } } })))
  const plan = reading.data
  return (
    <Page
      title={plan ? `Edit ${plan.name}` : 'Edit'}
      above={
        <>
          <a href={linkTo('plans')}>Price plans</a> · <a href={linkTo('plans', id)}>{plan?.name ?? id}</a>
        </>
      }
    >
      <Shown reading={reading}>
        {(shown) => {
          const details = shown.pricingSchedule[0]?.pricePlanDetails
          return details && <Editor start={draftOf(shown.name, shown.description ?? '', details)} plan={shown} />
        }}
      </Shown>
    </Page>
  )
}
