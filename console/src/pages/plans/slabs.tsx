import type { Schemas } from '../../parts/client.ts'
import { money, quantity } from '../../parts/format.ts'
import { Table } from '../../parts/table.tsx'

type Prices = Pick<Schemas['UsageRateCard'], 'ratePlan' | 'rateValues'>

const PRICE_TYPES: Readonly<Record<string, string>> = { PER_UNIT: 'each', FLAT: 'in all', PACKAGE: 'a package' }

export const Slabs = ({ prices: { ratePlan, rateValues } }: { prices: Prices }) => (
  <Table
    label="Slabs"
    rows={ratePlan.slabs}
    keyOf={({ order }) => String(order)}
    columns={[
      { title: 'Units after', cell: ({ startAfter }) => quantity(startAfter), isNumber: true },
      ...rateValues.map(({ currency, slabRates }) => ({
        title: currency,
        cell: ({ order, priceType, slabConfig }: (typeof ratePlan.slabs)[number]) => {
          const rate = slabRates.find((one) => one.order === order)?.rate
          const size = slabConfig?.['packageSize']
          return rate === undefined ? '–' : `${money(rate, currency)} ${PRICE_TYPES[priceType] ?? ''}${size ? ` of ${quantity(size)}` : ''}`
        },
        isNumber: true,
      })),
    ]}
  />
)

export const MODELS: Readonly<Record<string, string>> = {
  TIERED: 'tiered: each unit at the price of its slab',
  VOLUME: 'by volume: all units at the price of the slab that is reached',
}

/** When a card is charged. */
export const TIMINGS: Readonly<Record<string, string>> = {
  IN_ADVANCE: 'charged in advance',
  IN_ARREARS: 'charged after the cycle',
  PREPAID: 'granted once it has been paid',
}

/** What is to be said of a card, with commas between. */
export const notesOf = (notes: readonly (string | false | undefined)[]): string => notes.filter(Boolean).join(', ')

/** Every how many cycles a card is charged, where that is not each. */
export const recurrenceNote = (recurrence: Schemas['RecurrenceConfig'] | undefined): string => {
  const { interval = 1, offset = 0 } = recurrence ?? {}
  return notesOf([
    interval > 1 && `every ${quantity(interval)} cycles`,
    offset > 0 && `${quantity(offset)} ${offset === 1 ? 'cycle is' : 'cycles are'} free at first`,
  ])
}

type Limits = Readonly<Record<string, string>> | undefined

const limitNote = (limits: Limits, currency: string, of: string): string | undefined => {
  const [least, most] = [limits?.['minimumRate'], limits?.['maximumRate']]
  const said = notesOf([
    least !== undefined && `at least ${money(least, currency)}`,
    most !== undefined && `at most ${money(most, currency)}`,
  ])
  return said ? `${of} costs ${said}` : undefined
}

/** The least and the most that a card and its slabs cost. */
export const LimitNotes = ({ values }: { values: readonly Schemas['RateValue'][] }) => {
  const notes = values.flatMap(({ currency, rateConfig, slabRates }) => [
    limitNote(rateConfig, currency, 'It'),
    ...slabRates.map(({ order, slabRateConfig }) => limitNote(slabRateConfig, currency, `Slab ${order}`)),
  ])
  const said = notes.filter((note) => note !== undefined)
  return said.length ? <p class="muted below">{said.join('. ')}.</p> : null
}
