import { useEffect, useId, useRef, useState } from 'preact/hooks'
import Plot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { colourOf } from '../../parts/chart.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { type Exact, numberTyped } from '../../parts/exact_json.ts'
import { money, quantity, roughly, sumOf } from '../../parts/format.ts'
import { Refusal } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useStore } from '../../parts/store.ts'
import { theme } from '../../parts/theme.tsx'

type Prices = Pick<Schemas['UsageRateCard'], 'ratePlan' | 'rateValues'>

const POINTS = 48
const HEIGHT = 150
/** Milliseconds after the last key before the price is asked. */
const PAUSE = 250

/** The prices of quantities, by the calculator: a plan with the same card once for each quantity says all of them at once. */
const priceAll = async (prices: Prices, currency: string, quantities: readonly number[]): Promise<Exact[]> => {
  const keys = quantities.map((_, at) => `quantity-${at}`)
  const { revenueInfo } = await read(
    api.POST('/v2/revenue_calculator', {
      body: {
        currencyConfig: { mode: 'CUSTOM', currency },
        pricePlanDetailsConfig: {
          mode: 'CUSTOM',
          pricePlanDetails: {
            supportedCurrencies: [currency],
            pricingCycleConfig: { interval: 'MONTHLY', startOffset: { dayOffset: '1', monthOffset: 'NIL' }, gracePeriod: 0 },
            usageRateCards: keys.map((key) => ({
              name: key,
              usageMeterId: key,
              ratePlan: prices.ratePlan,
              rateValues: prices.rateValues.filter((value) => value.currency === currency),
            })),
          },
        },
        usageConfig: { mode: 'CUSTOM', usageMap: Object.fromEntries(keys.map((key, at) => [key, quantities[at] ?? 0])) },
        licenseEntriesConfig: { mode: 'CUSTOM', custom: [] },
      },
    }),
  )
  const sums = new Map(
    revenueInfo.map(({ rateCard, slabRevenueSummaries = [] }) => [
      rateCard.name,
      sumOf(slabRevenueSummaries.map(({ revenue }) => revenue)),
    ]),
  )
  return keys.map((key) => sums.get(key) ?? 0)
}

const Drawing = ({
  quantities,
  prices,
  hover,
}: {
  quantities: readonly number[]
  prices: readonly Exact[]
  hover: (at: number | null) => void
}) => {
  const frame = useRef<HTMLDivElement>(null)
  const colours = useStore(theme)
  const content = JSON.stringify([quantities, prices])
  useEffect(() => {
    const element = frame.current
    if (!element) return undefined
    const [line, ink, stroke] = [colourOf('line'), colourOf('faint'), colourOf('three')]
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: '12px system-ui' }
    const plot = new Plot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        padding: [8, 26, 0, 0],
        cursor: { y: false, drag: { x: false, y: false } },
        hooks: { setCursor: [({ cursor }) => hover(cursor.idx ?? null)] },
        scales: { x: { time: false } },
        axes: [
          { ...axis, grid: { show: false }, size: 28, space: 70, values: (_plot, ticks) => ticks.map(roughly) },
          { ...axis, size: 56, space: 36, values: (_plot, ticks) => ticks.map(roughly) },
        ],
        series: [{}, { stroke, width: 2, points: { show: false } }],
      },
      [[...quantities], prices.map(Number)],
      element,
    )
    const resizing = new ResizeObserver(() => element.clientWidth && plot.setSize({ width: element.clientWidth, height: HEIGHT }))
    resizing.observe(element)
    return () => {
      resizing.disconnect()
      plot.destroy()
    }
  }, [content, colours])
  return <div ref={frame} class="chart" aria-hidden="true" />
}

/** The value, once it has not changed for a moment. */
const useSettled = <Value,>(value: Value): Value => {
  const [settled, settle] = useState(value)
  const text = JSON.stringify(value)
  useEffect(() => {
    const timer = setTimeout(() => settle(value), PAUSE)
    return () => clearTimeout(timer)
  }, [text])
  return settled
}

/** A number for drawing. One that a double cannot hold comes as its text, or as what JSON.stringify alone can write. */
const roughNumber = (value: Exact): number => Number(typeof value === 'string' ? value : JSON.stringify(value))

const greatestSlab = ({ ratePlan }: Prices): number => Math.max(0, ...ratePlan.slabs.map(({ startAfter }) => roughNumber(startAfter)))

/** A quantity to begin with: twice the start of the last slab, or what costs some hundred. */
const usualQuantity = (prices: Prices): number => {
  const [greatest, rate] = [greatestSlab(prices), roughNumber(prices.rateValues[0]?.slabRates[0]?.rate ?? 0)]
  if (greatest > 0) return greatest * 2
  return rate > 0 ? Math.max(10, 10 ** Math.ceil(Math.log10(100 / rate))) : 1000
}

/** What a quantity costs, as a curve, and exactly for one that is typed. */
export const PriceCurve = ({ prices, currency, label }: { prices: Prices; currency: string; label: string }) => {
  const id = useId()
  const [typed, type] = useState(() => String(usualQuantity(prices)))
  const [at, hover] = useState<number | null>(null)
  const asked = useSettled({ prices, currency, typed })
  const most = numberTyped(asked.typed)
  const last = most === undefined ? 0 : roughNumber(most)
  const isRight = last > 0
  const quantities = Array.from({ length: POINTS + 1 }, (_, index) =>
    index === POINTS ? (most ?? 0) : Math.round((last * index * 1000) / POINTS) / 1000,
  )
  const reading = useRead(isRight ? `curve ${JSON.stringify(asked)}` : undefined, () => priceAll(asked.prices, asked.currency, quantities))
  const costs = reading.data ?? []
  const [shownQuantity, shownCost] =
    at === null || at === POINTS || costs[at] === undefined ? [asked.typed, costs[POINTS]] : [quantities[at] ?? 0, costs[at]]
  return (
    <figure class="curve" aria-label={`Price of a quantity, ${label}`}>
      <figcaption class="reading">
        <label for={id}>Price for</label>
        <input id={id} class="number" inputMode="decimal" value={typed} onInput={(event) => type(event.currentTarget.value)} />
        <output for={id} aria-live="polite">
          {shownCost === undefined ? '' : `${quantity(shownQuantity)} cost ${money(shownCost, asked.currency)}`}
        </output>
      </figcaption>
      {reading.failure && <Refusal failure={reading.failure} />}
      {costs.length > 0 && <Drawing quantities={quantities.map(roughNumber)} prices={costs} hover={hover} />}
    </figure>
  )
}
