import { digitsTyped } from '../../parts/exact_json.ts'
import { ChoiceField, TextField } from '../../parts/form.tsx'
import { nameIn } from './details_of.ts'
import { type CardDraft, type SlabDraft, emptySlab } from './draft.ts'

const PRICE_TYPES = [
  ['PER_UNIT', 'Each unit'],
  ['FLAT', 'All of the slab'],
  ['PACKAGE', 'Each package'],
] as const

interface EditorParts {
  card: CardDraft
  currencies: readonly string[]
  /** The currency that the slabs are of, if each has slabs of its own. */
  only?: string
  change: (part: Partial<CardDraft>) => void
}

/** Where another slab may begin: at ten times the start of the last one. */
const nextStart = (last: SlabDraft | undefined): string =>
  last ? String(Math.max(1000, Number(digitsTyped(last.startAfter) ?? 0) * 10)) : '0'

/** The slabs of a card, with their prices in each currency. */
export const SlabEditor = ({ card, currencies, only, change }: EditorParts) => {
  const { slabs, model } = card
  const changeSlab = (at: number, part: Partial<SlabDraft>): void =>
    change({ slabs: slabs.map((slab, index) => (index === at ? { ...slab, ...part } : slab)) })
  const called = (at: number, what: string): string => nameIn(card, `slab ${at + 1}${only ? ` in ${only}` : ''}, ${what}`)
  const addSlab = (): void => change({ slabs: [...slabs, emptySlab(nextStart(slabs.at(-1)))] })
  return (
    <>
      <ChoiceField
        label="Which price holds"
        value={model}
        set={(value) => change({ model: value as CardDraft['model'] })}
        of={[
          ['TIERED', 'Tiered: each unit at the price of its slab'],
          ['VOLUME', 'By volume: all units at the price of the slab that is reached'],
        ]}
      />
      {slabs.map((slab, at) => (
        <fieldset key={at} class="slab">
          <legend>Slab {at + 1}</legend>
          <TextField
            label="Units after"
            called={called(at, 'begins after')}
            value={slab.startAfter}
            set={(startAfter) => changeSlab(at, { startAfter })}
            isNumber
          />
          <ChoiceField
            label="Price for"
            value={slab.priceType}
            set={(priceType) => changeSlab(at, { priceType: priceType as 'FLAT' })}
            of={PRICE_TYPES}
          />
          {slab.priceType === 'PACKAGE' && (
            <TextField
              label="Units in a package"
              called={called(at, 'units in a package')}
              value={slab.packageSize}
              set={(packageSize) => changeSlab(at, { packageSize })}
              isNumber
            />
          )}
          {currencies.map((currency) => (
            <TextField
              key={currency}
              label={currency}
              called={called(at, `price in ${currency}`)}
              value={slab.rates[currency] ?? ''}
              set={(rate) => changeSlab(at, { rates: { ...slab.rates, [currency]: rate } })}
              isNumber
            />
          ))}
          {slabs.length > 1 && (
            <button
              type="button"
              class="quiet"
              aria-label={`Remove slab ${at + 1}`}
              onClick={() => change({ slabs: slabs.filter((_, index) => index !== at) })}
            >
              ✕
            </button>
          )}
        </fieldset>
      ))}
      {slabs.length < 10 && (
        <div>
          <button type="button" onClick={addSlab}>
            Add slab
          </button>
        </div>
      )}
    </>
  )
}
