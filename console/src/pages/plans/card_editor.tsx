import type { Schemas } from '../../parts/client.ts'
import { CheckField, ChoiceField, TextField } from '../../parts/form.tsx'
import { CardOptions } from './card_options.tsx'
import { PriceCurve } from './curve.tsx'
import { nameIn, pricesOf } from './details_of.ts'
import { ALWAYS_LATER, type CardDraft, type CardKind } from './draft.ts'
import { GrantEditor, WindowEditor } from './grant_editor.tsx'
import type { Billable } from './names.ts'
import { SlabEditor } from './slab_editor.tsx'

export const KINDS: Readonly<Record<CardKind, string>> = {
  fee: 'Fee',
  usage: 'Usage',
  licence: 'Licence',
  entitlement: 'Entitlement',
  overage: 'Beyond an entitlement',
  grant: 'Credit grant',
}
const PRICES: Readonly<Record<CardKind, readonly Billable['kind'][]>> = {
  fee: ['FIXED_FEE'],
  usage: ['METER'],
  licence: ['LICENSE', 'NAMED_LICENSE'],
  entitlement: ['FEATURE'],
  overage: ['FEATURE'],
  grant: ['CREDIT_GRANT'],
}
const PRICED = { usage: 'Usage meter', entitlement: 'Feature', overage: 'Feature', fee: 'Add-on', licence: 'Add-on', grant: 'Add-on' }

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

const timingsOf = (kind: CardKind): (readonly [Schemas['InvoiceTiming'], string])[] => [
  ['IN_ADVANCE', 'In advance, when the cycle begins'],
  ['IN_ARREARS', 'After the cycle'],
  ...(kind === 'entitlement' || kind === 'grant' ? [['PREPAID', 'Before it is granted'] as const] : []),
]

interface CardEditorParts {
  card: CardDraft
  currencies: readonly string[]
  /** What cards can price, once it is known. */
  billables: readonly Billable[] | undefined
  /** Whether the plan is billed each cycle. */
  isRecurring: boolean
  change: (part: Partial<CardDraft>) => void
  remove: () => void
}

const Prices = ({ card, currencies, change }: Pick<CardEditorParts, 'card' | 'currencies' | 'change'>) => {
  const { kind } = card
  if (kind === 'fee') return null
  if (kind === 'grant') return <GrantEditor card={card} currencies={currencies} change={change} />
  if (kind === 'entitlement')
    return (
      <>
        <WindowEditor card={card} change={change} />
        <SlabEditor card={card} currencies={currencies} change={change} />
      </>
    )
  return (
    <div class="two">
      <div class="form">
        <SlabEditor card={card} currencies={currencies} change={change} />
      </div>
      <Curve card={card} currencies={currencies} />
    </div>
  )
}

type Choice = readonly [id: string, name: string]

/** What a card can price. What it prices already is among that, even if a new card could not any more. */
const choicesOf = ({ kind, billable }: CardDraft, billables: readonly Billable[]): Choice[] => {
  const its = billables.filter((one) => PRICES[kind].includes(one.kind) && (one.isActive || one.id === billable))
  const isMissing = billable !== '' && !its.some(({ id }) => id === billable)
  return [...its.map(({ id, name }) => [id, name] as const), ...(isMissing ? [[billable, billable] as const] : [])]
}

const LONGEST_NAME = 50

const nameFor = (choices: readonly Choice[], chosen: string): string =>
  choices.find(([id]) => id === chosen)?.[1].slice(0, LONGEST_NAME) ?? ''

/** One rate card, with what a quantity costs beside it while it is typed. */
export const CardEditor = ({ card, currencies, billables, isRecurring, change, remove }: CardEditorParts) => {
  const { kind, billable, name, prorates, timing } = card
  const choices = choicesOf(card, billables ?? [])
  return (
    <fieldset class="card" aria-label={`${KINDS[kind]} ${name}`}>
      <header>
        <h3>{KINDS[kind]}</h3>
        <button type="button" class="quiet" onClick={remove}>
          Remove card
        </button>
      </header>
      <div class="form">
        <div class="columns">
          <ChoiceField
            label={PRICED[kind]}
            value={billable}
            set={(id) => change({ billable: id, addOnType: undefined, ...(!name && { name: nameFor(choices, id) }) })}
            none="Choose one"
            of={choices}
            hint={billables && !choices.length ? 'There is none yet that such a card can price.' : undefined}
          />
          <TextField label="Name in the plan" value={name} set={(typed) => change({ name: typed })} />
          {!ALWAYS_LATER.has(kind) && (
            <ChoiceField
              label="Charged"
              value={timing}
              set={(chosen) => change({ timing: chosen as CardDraft['timing'] })}
              of={timingsOf(kind)}
            />
          )}
          {kind === 'fee' &&
            currencies.map((currency) => (
              <TextField
                key={currency}
                label={`Price in ${currency}`}
                called={nameIn(card, `price in ${currency}`)}
                value={card.rates[currency] ?? ''}
                set={(rate) => change({ rates: { ...card.rates, [currency]: rate } })}
                isNumber
              />
            ))}
        </div>
        {(kind === 'fee' || kind === 'licence') && isRecurring && (
          <CheckField label="A part of a cycle costs a part, by days" value={prorates} set={(next) => change({ prorates: next })} />
        )}
        <Prices card={card} currencies={currencies} change={change} />
        <CardOptions card={card} currencies={currencies} change={change} isRecurring={isRecurring} />
      </div>
    </fieldset>
  )
}
