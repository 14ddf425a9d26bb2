import { useState } from 'preact/hooks'
import { CheckField, ChoiceField, TextArea, TextField } from '../../parts/form.tsx'
import type { PlanDraft } from './draft.ts'

const INTERVALS = ['WEEKLY', 'MONTHLY', 'QUARTERLY', 'HALF_YEARLY', 'ANNUALLY'] as const

const currenciesOf = (typed: string): string[] => [
  ...new Set(
    typed
      .toUpperCase()
      .split(/[\s,]+/)
      .filter(Boolean),
  ),
]

interface TermsParts {
  draft: PlanDraft
  change: (part: Partial<PlanDraft>) => void
  isNew: boolean
}

/** Whether cycles of an interval begin in one of several months. */
const hasMonths = (interval: PlanDraft['interval']): boolean => interval !== 'WEEKLY' && interval !== 'MONTHLY'

const changeInterval = (interval: PlanDraft['interval'], { month }: PlanDraft): Partial<PlanDraft> => ({
  interval,
  ...(hasMonths(interval) && (month === '' || month === 'NIL') && { month: 'FIRST' }),
})

const Cycle = ({ draft, change }: Omit<TermsParts, 'isNew'>) => (
  <>
    <ChoiceField
      label="Cycle"
      value={draft.interval}
      set={(interval) => change(changeInterval(interval as PlanDraft['interval'], draft))}
      of={INTERVALS}
    />
    {!draft.isAnniversary && (
      <TextField
        label="Begins on day"
        value={draft.day}
        set={(day) => change({ day })}
        hint={draft.interval === 'WEEKLY' ? 'From 1, Monday, to 7, or LAST' : '1 to 31, or LAST'}
      />
    )}
    {!draft.isAnniversary && hasMonths(draft.interval) && (
      <TextField label="and month" value={draft.month} set={(month) => change({ month })} hint="Of the cycle: from 1, FIRST or LAST" />
    )}
    <TextField
      label="Grace period in days"
      value={draft.grace}
      set={(grace) => change({ grace })}
      isNumber
      hint="Then the invoice falls due."
    />
  </>
)

/** What a plan is called, and when it is billed. Its kind and its revenue are chosen once. */
export const Terms = ({ draft, change, isNew }: TermsParts) => {
  const [currencies, setCurrencies] = useState(draft.currencies.join(', '))
  const isRecurring = draft.type === 'BILLING'
  return (
    <div class="card form">
      <div class="columns">
        {isNew && <TextField label="Name" value={draft.name} set={(name) => change({ name })} />}
        {isNew && (
          <ChoiceField
            label="Kind"
            value={draft.type}
            set={(type) => change({ type: type as PlanDraft['type'] })}
            of={[
              ['BILLING', 'Billed each cycle'],
              ['PURCHASE', 'Bought once'],
            ]}
          />
        )}
        <TextField
          label="Currencies"
          value={currencies}
          set={(typed) => {
            setCurrencies(typed)
            change({ currencies: currenciesOf(typed) })
          }}
          hint="With commas between them, such as USD, EUR"
        />
        {isRecurring && <Cycle draft={draft} change={change} />}
      </div>
      {isRecurring && (
        <CheckField
          label="Cycles begin on the day on which an account is given the plan"
          value={draft.isAnniversary}
          set={(isAnniversary) => change({ isAnniversary, ...changeInterval(draft.interval, draft) })}
        />
      )}
      {isNew && isRecurring && (
        <>
          <CheckField
            label="Revenue is recognized when its invoice falls due"
            value={draft.isDeferred}
            set={(isDeferred) => change({ isDeferred })}
          />
          <CheckField
            label="The plan of an account can be changed from the start of its open cycle on"
            value={draft.isOpen}
            set={(isOpen) => change({ isOpen })}
          />
        </>
      )}
      <TextArea label="Description" value={draft.description} set={(description) => change({ description })} isOptional rows={2} />
    </div>
  )
}

/** The least that a cycle costs. Once a plan has been saved with one, it can be 0, but not be taken away. */
export const Commitment = ({ draft, change, canBeRemoved }: Omit<TermsParts, 'isNew'> & { canBeRemoved: boolean }) => {
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
        {canBeRemoved && (
          <button type="button" class="quiet" onClick={() => change({ commitment: undefined })}>
            Remove commitment
          </button>
        )}
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
            isOptional={currencies.length > 1}
          />
        ))}
      </div>
    </fieldset>
  )
}
