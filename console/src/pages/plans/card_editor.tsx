import { CheckField, ChoiceField, TextField } from '../../parts/form.tsx'
import { PriceCurve } from './curve.tsx'
import { type CardDraft, pricesOf } from './draft.ts'
import type { Billable } from './names.ts'
import { SlabEditor } from './slab_editor.tsx'

const KINDS = { fee: 'Fee', usage: 'Usage', licence: 'Licence' } as const
const PRICES: Readonly<Record<CardDraft['kind'], readonly Billable['kind'][]>> = {
  fee: ['FIXED_FEE'],
  usage: ['METER'],
  licence: ['LICENSE', 'NAMED_LICENSE'],
}

/** The prices that are typed, or nothing while one of them is no number. */
const pricesTyped = (card: CardDraft, currencies: readonly string[]): ReturnType<typeof pricesOf> | undefined => {
  try {
    return pricesOf(card, currencies)
  } catch {
    return undefined
  }
}

const Curve = ({ card, currencies }: { card: CardDraft; currencies: readonly string[] }) => {
  const [currency] = currencies
  const prices = currency === undefined ? undefined : pricesTyped(card, [currency])
  if (!prices || currency === undefined) return <p class="muted">Once all prices are typed, a curve shows what a quantity costs.</p>
  return <PriceCurve prices={prices} currency={currency} label={card.name || KINDS[card.kind]} />
}

interface CardEditorParts {
  card: CardDraft
  currencies: readonly string[]
  billables: readonly Billable[]
  change: (part: Partial<CardDraft>) => void
  remove: () => void
}

/** One rate card, with what a quantity costs beside it while it is typed. */
export const CardEditor = ({ card, currencies, billables, change, remove }: CardEditorParts) => {
  const { kind, billable, name, prorates, timing } = card
  const choices = billables.filter((one) => PRICES[kind].includes(one.kind) && (one.isActive || one.id === billable))
  return (
    <fieldset class="card" aria-label={`${KINDS[kind]} ${name}`}>
      <header>
        <h3>{KINDS[kind]}</h3>
        <button type="button" class="quiet" onClick={remove}>
          Remove card
        </button>
      </header>
      <div class="columns">
        <ChoiceField
          label={kind === 'usage' ? 'Usage meter' : 'Add-on'}
          value={billable}
          set={(id) => change({ billable: id, ...(!name && { name: billables.find((one) => one.id === id)?.name.slice(0, 50) ?? '' }) })}
          none="Choose one"
          of={choices.map((one) => [one.id, one.name] as const)}
        />
        <TextField label="Name in the plan" value={name} set={(typed) => change({ name: typed })} />
        {kind !== 'usage' && (
          <ChoiceField
            label="Charged"
            value={timing}
            set={(chosen) => change({ timing: chosen as CardDraft['timing'] })}
            of={[
              ['IN_ADVANCE', 'In advance, when the cycle begins'],
              ['IN_ARREARS', 'After the cycle'],
            ]}
          />
        )}
        {kind === 'fee' &&
          currencies.map((currency) => (
            <TextField
              key={currency}
              label={`Price in ${currency}`}
              value={card.rates[currency] ?? ''}
              set={(rate) => change({ rates: { ...card.rates, [currency]: rate } })}
              isNumber
            />
          ))}
      </div>
      {kind !== 'usage' && (
        <CheckField label="A part of a cycle costs a part, by days" value={prorates} set={(next) => change({ prorates: next })} />
      )}
      {kind !== 'fee' && (
        <div class="two">
          <div class="form">
            <SlabEditor card={card} currencies={currencies} change={change} />
          </div>
          <Curve card={card} currencies={currencies} />
        </div>
      )}
    </fieldset>
  )
}
