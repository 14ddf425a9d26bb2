import { linkTo } from '../../parts/address.ts'
import type { Schemas } from '../../parts/client.ts'
import { durationWords } from '../../parts/duration.ts'
import { money, quantity, wordsOf } from '../../parts/format.ts'
import { Facts } from '../../parts/page.tsx'
import { Table } from '../../parts/table.tsx'
import { LimitNotes, MODELS, Slabs, TIMINGS, notesOf, recurrenceNote } from './slabs.tsx'

/** Units of a feature that a plan grants: how many, for how long, and what they cost. */
export const EntitlementCard = ({ card, name }: { card: Schemas['BillingEntitlementRateCard']; name: string }) => (
  <article class="card">
    <header>
      <h3>
        <a href={linkTo('features', card.featureId)}>{name}</a>
      </h3>
      <span class="muted">
        {notesOf([TIMINGS[card.invoiceTiming], recurrenceNote(card.recurrenceConfig), card.tag && `tag ${card.tag}`])}
      </span>
    </header>
    <div class="two">
      <Table
        label={`Units of ${name}`}
        rows={card.featureConfigs.map((config, at) => ({ ...config, at }))}
        keyOf={({ at }) => String(at)}
        columns={[
          { title: 'Units', cell: ({ featureCreditLimit }) => quantity(featureCreditLimit), isNumber: true },
          {
            title: 'Usable from',
            cell: ({ effectiveFrom }) => (effectiveFrom ? `${durationWords(effectiveFrom)} after the grant` : 'the grant on'),
          },
          { title: 'Until', cell: ({ effectiveUntil }) => `${durationWords(effectiveUntil)} after the grant` },
        ]}
      />
      <div>
        <Slabs prices={card} />
        {card.ratePlan.slabs.some(({ priceType }) => priceType !== 'FLAT') && (
          <p class="muted below">{MODELS[card.ratePlan.pricingModel]}</p>
        )}
        <LimitNotes values={card.rateValues} />
      </div>
    </div>
  </article>
)

type Grant = Schemas['CreditGrantRateCard']

/** The prices of a grant in one currency, as those of any other card. */
const pricesOf = ({ rateDetails: { pricingModel } }: Grant, { currency, slabDetails, rateConfig }: Schemas['CurrencySlabRateDetail']) => ({
  ratePlan: { pricingModel, slabs: slabDetails.map((slab, at) => ({ ...slab, order: at + 1 })) },
  rateValues: [{ currency, rateConfig, slabRates: slabDetails.map((slab, at) => ({ ...slab, order: at + 1 })) }],
})

/** A credit that a plan grants: what it holds and costs in each currency, and when it ends. */
export const GrantCard = ({ card, name }: { card: Grant; name: string }) => {
  const { grantDetails, rateDetails, invoiceTiming = 'IN_ARREARS', type, recurrenceConfig } = card
  const { expiryType, expiryDuration = '', applicableEntityIds = [] } = grantDetails
  return (
    <article class="card">
      <header>
        <h3>
          <a href={linkTo('addons')}>{name}</a>
        </h3>
        <span class="muted">
          {notesOf([
            TIMINGS[invoiceTiming],
            type === 'ONE_TIME' && 'only once',
            recurrenceNote(recurrenceConfig),
            card.tag && `tag ${card.tag}`,
          ])}
        </span>
      </header>
      <Facts
        of={[
          ['Priority', String(grantDetails.priority)],
          ['Ends', expiryType === 'CUSTOM' ? `${durationWords(expiryDuration)} after it was granted` : wordsOf(expiryType)],
          ['Pays only for', applicableEntityIds.join(', ')],
        ]}
      />
      <div class="cards">
        {rateDetails.currencySlabRateDetails.map((detail) => (
          <div key={detail.currency}>
            <p>
              <strong>{money(detail.creditAmount, detail.currency)}</strong> of credit {!detail.slabDetails.length && 'for nothing'}
            </p>
            {detail.slabDetails.length > 0 && <Slabs prices={pricesOf(card, detail)} />}
            <LimitNotes values={pricesOf(card, detail).rateValues} />
          </div>
        ))}
      </div>
    </article>
  )
}
