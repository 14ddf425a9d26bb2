import { useState } from 'preact/hooks'
import { linkTo } from '../../parts/address.ts'
import type { Schemas } from '../../parts/client.ts'
import { money, quantity, wordsOf } from '../../parts/format.ts'
import { Empty, Section } from '../../parts/page.tsx'
import { Table } from '../../parts/table.tsx'
import { PriceCurve } from './curve.tsx'
import { useBillables } from './names.ts'

type Details = Schemas['PricePlanDetails']
type UsageCard = Schemas['UsageRateCard']
type Prices = Pick<UsageCard, 'ratePlan' | 'rateValues'>

const PRICE_TYPES: Readonly<Record<string, string>> = { PER_UNIT: 'each', FLAT: 'in all', PACKAGE: 'a package' }

const Slabs = ({ prices: { ratePlan, rateValues } }: { prices: Prices }) => (
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
          return rate === undefined ? '–' : `${money(rate, currency)} ${PRICE_TYPES[priceType] ?? ''}${size ? ` of ${size}` : ''}`
        },
        isNumber: true,
      })),
    ]}
  />
)

const MODELS: Readonly<Record<string, string>> = {
  TIERED: 'tiered: each unit at the price of its slab',
  VOLUME: 'by volume: all units at the price of the slab that is reached',
}

const PricedCard = ({ name, link, prices, note }: { name: string; link: string; prices: Prices; note: string }) => {
  const [currency, choose] = useState(prices.rateValues[0]?.currency ?? '')
  return (
    <article class="card">
      <header>
        <h3>
          <a href={link}>{name}</a>
        </h3>
        <span class="muted">{note}</span>
      </header>
      <div class="two">
        <Slabs prices={prices} />
        <div>
          {prices.rateValues.length > 1 && (
            <select
              class="in-head"
              aria-label="Currency of the curve"
              value={currency}
              onChange={(event) => choose(event.currentTarget.value)}
            >
              {prices.rateValues.map((value) => (
                <option key={value.currency}>{value.currency}</option>
              ))}
            </select>
          )}
          {currency && <PriceCurve prices={prices} currency={currency} label={name} />}
        </div>
      </div>
    </article>
  )
}

const Fees = ({ cards, nameOf }: { cards: NonNullable<Details['fixedFeeRateCards']>; nameOf: (id: string) => string }) => (
  <Section title="Fees">
    <Table
      label="Fees"
      rows={cards}
      keyOf={({ id, name }) => id + (name ?? '')}
      columns={[
        { title: 'Fee', cell: ({ id, displayName }) => displayName ?? nameOf(id) },
        { title: 'Charged', cell: ({ invoiceTiming = 'IN_ARREARS' }) => wordsOf(invoiceTiming), isMinor: true },
        { title: 'Prorated', cell: ({ enableProration }) => (enableProration ? 'by days' : 'no'), isMinor: true },
        {
          title: 'Price',
          cell: ({ rateValues }) => rateValues.map(({ currency, rate }) => <div key={currency}>{money(rate, currency)}</div>),
          isNumber: true,
        },
      ]}
    />
  </Section>
)

/** Families of cards that are shown as they are. */
const OTHERS = [
  ['billingEntitlementRateCards', 'Entitlements'],
  ['entitlementOverageRateCards', 'Beyond entitlements'],
  ['creditGrantRateCards', 'Credits that are granted'],
] as const

/** What a plan charges: each rate card with its prices, and a curve of what a quantity costs. */
export const RateCards = ({ details }: { details: Details }) => {
  const { nameOf } = useBillables()
  const { fixedFeeRateCards = [], usageRateCards = [], licenseRateCards = [], minimumCommitment } = details
  const others = OTHERS.filter(([family]) => details[family]?.length)
  const isEmpty = !fixedFeeRateCards.length && !usageRateCards.length && !licenseRateCards.length && !others.length
  return (
    <>
      {isEmpty && <Empty title="The plan charges nothing yet." />}
      {fixedFeeRateCards.length > 0 && <Fees cards={fixedFeeRateCards} nameOf={nameOf} />}
      {usageRateCards.length > 0 && (
        <Section title="Usage">
          <div class="stack">
            {usageRateCards.map((card) => (
              <PricedCard
                key={card.usageMeterId}
                name={card.displayName ?? nameOf(card.usageMeterId)}
                link={linkTo('meters', card.usageMeterId)}
                prices={card}
                note={MODELS[card.ratePlan.pricingModel] ?? ''}
              />
            ))}
          </div>
        </Section>
      )}
      {licenseRateCards.length > 0 && (
        <Section title="Licences">
          <div class="stack">
            {licenseRateCards.map((card) => (
              <PricedCard
                key={card.id}
                name={card.displayName ?? nameOf(card.id)}
                link={linkTo('addons')}
                prices={card}
                note={`${MODELS[card.ratePlan.pricingModel] ?? ''}${card.enableProration ? ', prorated by days' : ''}`}
              />
            ))}
          </div>
        </Section>
      )}
      {minimumCommitment && (
        <Section title="Minimum commitment">
          <p>
            {minimumCommitment.displayName}: {minimumCommitment.rateValues.map(({ currency, rate }) => money(rate, currency)).join(', ')} a
            cycle
          </p>
        </Section>
      )}
      {others.map(([family, title]) => (
        <Section key={family} title={title}>
          <pre tabIndex={0}>{JSON.stringify(details[family], null, 2)}</pre>
        </Section>
      ))}
    </>
  )
}
