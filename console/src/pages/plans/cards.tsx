import { useState } from 'preact/hooks'
import { linkTo } from '../../parts/address.ts'
import type { Schemas } from '../../parts/client.ts'
import { money, quantity, wordsOf } from '../../parts/format.ts'
import { Empty, Section } from '../../parts/page.tsx'
import { Table } from '../../parts/table.tsx'
import { PriceCurve } from './curve.tsx'
import { EntitlementCard, GrantCard } from './granted_cards.tsx'
import { useBillables } from './names.ts'
import { LimitNotes, MODELS, Slabs, TIMINGS, notesOf, recurrenceNote } from './slabs.tsx'

type Details = Schemas['PricePlanDetails']
type Prices = Pick<Schemas['UsageRateCard'], 'ratePlan' | 'rateValues'>

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
        <div>
          <Slabs prices={prices} />
          <LimitNotes values={prices.rateValues} />
        </div>
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
        {
          title: 'Charged',
          cell: ({ invoiceTiming = 'IN_ARREARS', type, recurrenceConfig }) =>
            notesOf([wordsOf(invoiceTiming), type === 'ONE_TIME' && 'only once', recurrenceNote(recurrenceConfig)]),
          isMinor: true,
        },
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

/** What a plan charges: each rate card with its prices, and a curve of what a quantity costs. */
export const RateCards = ({ details }: { details: Details }) => {
  const { nameOf } = useBillables()
  const { fixedFeeRateCards = [], usageRateCards = [], licenseRateCards = [], minimumCommitment } = details
  const {
    billingEntitlementRateCards: entitlements = [],
    entitlementOverageRateCards: overages = [],
    creditGrantRateCards: grants = [],
  } = details
  const isEmpty = ![fixedFeeRateCards, usageRateCards, licenseRateCards, entitlements, overages, grants].some(({ length }) => length)
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
                note={notesOf([MODELS[card.ratePlan.pricingModel], card.tag && `tag ${card.tag}`])}
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
                note={notesOf([
                  MODELS[card.ratePlan.pricingModel],
                  TIMINGS[card.invoiceTiming ?? 'IN_ARREARS'],
                  card.enableProration && 'prorated by days',
                  card.usageCycle && `counted ${wordsOf(card.usageCycle).toLowerCase()}`,
                  card.config?.maxQuantity !== undefined && `${quantity(card.config.maxQuantity)} at most`,
                  card.tag && `tag ${card.tag}`,
                ])}
              />
            ))}
          </div>
        </Section>
      )}
      {entitlements.length > 0 && (
        <Section title="Entitlements" note="Units of features that the plan grants">
          <div class="stack">
            {entitlements.map((card) => (
              <EntitlementCard key={card.name ?? card.featureId} card={card} name={card.displayName || nameOf(card.featureId)} />
            ))}
          </div>
        </Section>
      )}
      {overages.length > 0 && (
        <Section title="Beyond entitlements" note="Units that are used when none are left">
          <div class="stack">
            {overages.map((card) => (
              <PricedCard
                key={card.name ?? card.featureId}
                name={card.displayName || nameOf(card.featureId)}
                link={linkTo('features', card.featureId)}
                prices={card}
                note={notesOf([
                  MODELS[card.ratePlan.pricingModel],
                  card.maxQuantity !== undefined && `for ${quantity(card.maxQuantity)} units at most`,
                  recurrenceNote(card.billingConfig && { interval: card.billingConfig.interval, offset: card.billingConfig.startOffset }),
                  card.tag && `tag ${card.tag}`,
                ])}
              />
            ))}
          </div>
        </Section>
      )}
      {grants.length > 0 && (
        <Section title="Credits that are granted">
          <div class="stack">
            {grants.map((card) => (
              <GrantCard key={card.name ?? card.id} card={card} name={card.displayName || nameOf(card.id)} />
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
    </>
  )
}
