import type { ComponentChildren } from 'preact'
import { CheckField, ChoiceField, TextField } from '../../parts/form.tsx'
import { nameIn } from './details_of.ts'
import { type CardDraft, type CardKind, type Limits, emptyGrant } from './draft.ts'

interface OptionParts {
  card: CardDraft
  currencies: readonly string[]
  change: (part: Partial<CardDraft>) => void
}

const ONCE: ReadonlySet<CardKind> = new Set(['fee', 'grant'])
const RECURRING: ReadonlySet<CardKind> = new Set(['fee', 'entitlement', 'overage', 'grant'])
const none: Limits = { least: '', most: '' }

interface LimitParts {
  of: string
  /** What a refusal calls the two limits. */
  called: string
  limits: Limits | undefined
  set: (limits: Limits) => void
}

const LimitFields = ({ of, called, limits, set }: LimitParts) => (
  <>
    <TextField
      label={`At least, ${of}`}
      called={`${called}, at least`}
      value={limits?.least ?? ''}
      set={(least) => set({ ...none, ...limits, least })}
      isOptional
      isNumber
    />
    <TextField
      label={`At most, ${of}`}
      called={`${called}, at most`}
      value={limits?.most ?? ''}
      set={(most) => set({ ...none, ...limits, most })}
      isOptional
      isNumber
    />
  </>
)

/** The least and the most that the card costs, and each of its slabs. */
const AllLimits = ({ card, currencies, change }: OptionParts) => {
  const slabsIn = (currency: string) => (card.kind === 'grant' ? (card.grants[currency] ?? emptyGrant).slabs : card.slabs)
  const setSlabLimits = (currency: string, at: number, limits: Limits): void => {
    const slabs = slabsIn(currency).map((slab, index) =>
      index === at ? { ...slab, limits: { ...slab.limits, [currency]: limits } } : slab,
    )
    change(
      card.kind === 'grant' ? { grants: { ...card.grants, [currency]: { ...emptyGrant, ...card.grants[currency], slabs } } } : { slabs },
    )
  }
  return (
    <fieldset>
      <legend>The least and the most that it costs</legend>
      {currencies.map((currency) => (
        <div key={currency} class="columns">
          <LimitFields
            of={`in all in ${currency}`}
            called={nameIn(card, `limits in ${currency}`)}
            limits={card.limits[currency]}
            set={(limits) => change({ limits: { ...card.limits, [currency]: limits } })}
          />
          {slabsIn(currency).map((slab, at) => (
            <LimitFields
              key={at}
              of={`slab ${at + 1} in ${currency}`}
              called={nameIn(card, `slab ${at + 1}${card.kind === 'grant' ? ` in ${currency}` : ''}, limits in ${currency}`)}
              limits={slab.limits[currency]}
              set={(limits) => setSlabLimits(currency, at, limits)}
            />
          ))}
        </div>
      ))}
    </fieldset>
  )
}

const Recurrence = ({ card, change }: Omit<OptionParts, 'currencies'>) => (
  <>
    <TextField
      label="Every so many cycles"
      called={nameIn(card, 'every')}
      value={card.every}
      set={(every) => change({ every })}
      isOptional
      isNumber
      hint="Left empty: each cycle"
    />
    <TextField
      label="For the first time after"
      called={nameIn(card, 'after')}
      value={card.after}
      set={(after) => change({ after })}
      isOptional
      isNumber
      hint="So many cycles are free at first."
    />
  </>
)

const LicenceOptions = ({ card, change }: Omit<OptionParts, 'currencies'>) => (
  <>
    <ChoiceField
      label="Counted each"
      value={card.usageCycle}
      set={(usageCycle) => change({ usageCycle })}
      isOptional
      none="Cycle of the plan"
      of={['WEEKLY', 'MONTHLY', 'QUARTERLY', 'HALF_YEARLY']}
    />
    <ChoiceField
      label="What was paid for less days"
      value={card.refund}
      set={(refund) => change({ refund })}
      isOptional
      none="Comes back as the API does it"
      of={[
        ['NONE', 'Is kept'],
        ['CREDITS', 'Comes back as a credit'],
        ['WALLET', 'Comes back into the wallet'],
        ['PAYMENT', 'Is paid back'],
      ]}
    />
  </>
)

/** What few cards need: it is folded away unless something of it is set. */
export const CardOptions = ({ card, currencies, change, isRecurring }: OptionParts & { isRecurring: boolean }) => {
  const { kind } = card
  const hasLimits = kind !== 'fee'
  const isSet = [card.displayName, card.tag, card.every, card.after, card.usageCycle, card.most, card.refund].some(Boolean) || card.isOnce
  const fields: ComponentChildren = (
    <>
      <div class="columns">
        <TextField label="Name on invoices" value={card.displayName} set={(displayName) => change({ displayName })} isOptional />
        <TextField
          label="Tag"
          value={card.tag}
          set={(tag) => change({ tag })}
          isOptional
          hint="Cards of one tag stand together on an invoice."
        />
        {(kind === 'licence' || kind === 'overage') && (
          <TextField
            label={kind === 'licence' ? 'The most licences' : 'The most units that are charged'}
            called={nameIn(card, kind === 'licence' ? 'the most licences' : 'the most units')}
            value={card.most}
            set={(most) => change({ most })}
            isOptional
            isNumber
          />
        )}
        {isRecurring && RECURRING.has(kind) && !card.isOnce && <Recurrence card={card} change={change} />}
        {kind === 'licence' && <LicenceOptions card={card} change={change} />}
      </div>
      {isRecurring && ONCE.has(kind) && (
        <CheckField label="Only once, in the first cycle" value={card.isOnce} set={(isOnce) => change({ isOnce })} />
      )}
      {hasLimits && <AllLimits card={card} currencies={currencies} change={change} />}
    </>
  )
  return (
    <details class="values" open={isSet}>
      <summary>More of this card</summary>
      <div class="form">{fields}</div>
    </details>
  )
}
