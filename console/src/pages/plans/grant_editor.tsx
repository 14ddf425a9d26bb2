import { durationWords, isDuration } from '../../parts/duration.ts'
import { ChoiceField, TextField } from '../../parts/form.tsx'
import { RowEditor } from '../../parts/row_editor.tsx'
import { nameIn } from './details_of.ts'
import { type CardDraft, emptyGrant, emptyWindow } from './draft.ts'
import { SlabEditor } from './slab_editor.tsx'

interface EditorParts {
  card: CardDraft
  currencies: readonly string[]
  change: (part: Partial<CardDraft>) => void
}

const DURATIONS = ['P7D', 'P30D', 'P1M', 'P3M', 'P6M', 'P1Y'].map((one) => [one, durationWords(one)] as const)

/** A duration as the API takes it, with what it is in words below. */
const DurationField = ({
  label,
  value,
  set,
  isOptional = false,
}: {
  label: string
  value: string
  set: (value: string) => void
  isOptional?: boolean
}) => (
  <TextField
    label={label}
    value={value}
    set={set}
    list={DURATIONS}
    isOptional={isOptional}
    hint={
      isDuration(value.trim())
        ? `${durationWords(value.trim())} after the grant`
        : 'After the grant, such as P30D for 30 days, or P1M, or P1Y'
    }
  />
)

/** The units that an entitlement grants, and how long each of them can be used. */
export const WindowEditor = ({ card, change }: Omit<EditorParts, 'currencies'>) => (
  <RowEditor
    title="Units that are granted"
    rows={card.windows}
    set={(windows) => change({ windows })}
    empty={emptyWindow}
    add="Add units of another time"
  >
    {(row, set, at) => (
      <>
        <TextField label="Units" called={nameIn(card, `units ${at + 1}`)} value={row.units} set={(units) => set({ units })} isNumber />
        <DurationField label="Usable for" value={row.until} set={(until) => set({ until })} />
        <DurationField label="but not before" value={row.from} set={(from) => set({ from })} isOptional />
      </>
    )}
  </RowEditor>
)

/** What a credit holds in each currency, what it costs, and when it ends. */
export const GrantEditor = ({ card, currencies, change }: EditorParts) => (
  <>
    <div class="columns">
      <TextField
        label="Priority"
        called={nameIn(card, 'priority')}
        value={card.priority}
        set={(priority) => change({ priority })}
        isNumber
        hint="From 0 to 100. Credits of a smaller number are used first."
      />
      <ChoiceField
        label="The credit ends"
        value={card.expiry}
        set={(expiry) => change({ expiry: expiry as CardDraft['expiry'] })}
        of={[
          ['PRICING_CYCLE', 'With its cycle'],
          ['NO_EXPIRY', 'Never'],
          ['CUSTOM', 'After a time'],
        ]}
      />
      {card.expiry === 'CUSTOM' && (
        <DurationField label="After" value={card.expiryDuration} set={(expiryDuration) => change({ expiryDuration })} />
      )}
      <TextField
        label="Pays only for"
        value={card.appliesTo}
        set={(appliesTo) => change({ appliesTo })}
        isOptional
        hint="Ids of meters, add-ons and features. Left empty: for everything"
      />
    </div>
    {currencies.map((currency) => {
      const grant = card.grants[currency] ?? emptyGrant
      const set = (part: Partial<typeof grant>): void => change({ grants: { ...card.grants, [currency]: { ...grant, ...part } } })
      return (
        <fieldset key={currency}>
          <legend>In {currency}</legend>
          <div class="form">
            <TextField
              label={`Credit in ${currency}`}
              called={nameIn(card, `credit in ${currency}`)}
              value={grant.amount}
              set={(amount) => set({ amount })}
              isNumber
            />
            <SlabEditor
              card={{ ...card, slabs: grant.slabs }}
              currencies={[currency]}
              only={currency}
              change={({ slabs, model }) => {
                if (slabs) set({ slabs })
                if (model) change({ model })
              }}
            />
          </div>
        </fieldset>
      )
    })}
  </>
)
