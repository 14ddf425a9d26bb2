import { useEffect, useRef, useState } from 'preact/hooks'
import Plot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import type { Exact } from './exact_json.ts'
import { dayOf, roughly } from './format.ts'
import { useStore } from './store.ts'
import { theme } from './theme.tsx'

export type Period = 'HOUR' | 'DAY' | 'WEEK' | 'MONTH'

interface Series {
  name: string
  values: readonly Exact[]
  /** The name of a colour of the style sheet, without its dashes. */
  colour: string
}

interface ChartParts {
  label: string
  /** The beginnings of the buckets. */
  timestamps: readonly string[]
  period: Period
  series: readonly Series[]
  kind: 'bars' | 'lines'
  /** A value as it is read out and shown in the table. */
  show: (value: Exact) => string
}

const HEIGHT = 190
const LIGHTNESS = '22'

const bucketOf = (at: string | number, period: Period): string => {
  const day = dayOf(at)
  if (period === 'HOUR') return `${day}, ${new Date(at).toISOString().slice(11, 16)}`
  return period === 'MONTH' ? day.replace(/^\d+ /, '') : period === 'WEEK' ? `week of ${day}` : day
}

const tickOf = (seconds: number, period: Period): string => {
  const [day, time] = [dayOf(seconds * 1000), new Date(seconds * 1000).toISOString().slice(11, 16)]
  if (period === 'HOUR' && time !== '00:00') return time
  return period === 'MONTH' ? day.replace(/^\d+ /, '') : day.replace(/ \d+$/, '')
}

/** Stacks series: each value with those of the series before it. Only for drawing, so binary fractions do. */
const stack = (series: readonly Series[]): number[][] => {
  const sums: number[] = []
  return series.map(({ values }) => values.map((value, at) => (sums[at] = (sums[at] ?? 0) + Number(value))))
}

export const colourOf = (name: string): string => {
  const probe = document.createElement('span')
  probe.className = `colour ${name}`
  document.body.append(probe)
  const { color } = getComputedStyle(probe)
  probe.remove()
  return color
}

const optionsOf = (parts: ChartParts, width: number, hover: (at: number | null) => void): Plot.Options => {
  const { series, period, kind, timestamps } = parts
  const [first = '', second = first] = timestamps
  const margin = kind === 'bars' ? Math.max(1, (Date.parse(second) - Date.parse(first)) / 1000) * 0.55 : 0
  const [line, ink] = [colourOf('line'), colourOf('faint')]
  const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: '12px system-ui' }
  const drawn = kind === 'bars' ? series.toReversed() : series
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    padding: [8, 8, 0, 0],
    tzDate: (seconds) => Plot.tzDate(new Date(seconds * 1000), 'Etc/UTC'),
    cursor: { y: false, drag: { x: false, y: false }, points: { show: kind === 'lines' } },
    hooks: { setCursor: [({ cursor }) => hover(cursor.idx ?? null)] },
    scales: {
      x: { range: (_plot, start, end) => [start - margin, end + margin] },
      y: { range: (_plot, least, most) => [Math.min(0, least), most > 0 ? most * 1.05 : 1] },
    },
    axes: [
      { ...axis, grid: { show: false }, size: 28, space: 70, values: (_plot, ticks) => ticks.map((tick) => tickOf(tick, period)) },
      { ...axis, size: 52, space: 36, values: (_plot, ticks) => ticks.map(roughly) },
    ],
    series: [
      {},
      ...drawn.map(({ name, colour }): Plot.Series => {
        const stroke = colourOf(colour)
        if (kind === 'lines')
          return {
            label: name,
            stroke,
            width: 2,
            fill: series.length === 1 ? stroke.replace('rgb(', 'rgba(').replace(')', `, 0.${LIGHTNESS})`) : undefined,
            points: { show: false },
          }
        return { label: name, fill: stroke, stroke, width: 0, paths: Plot.paths.bars?.({ size: [0.72, 36] }), points: { show: false } }
      }),
    ],
  }
}

const Drawing = (parts: ChartParts & { hover: (at: number | null) => void }) => {
  const { timestamps, series, kind, hover } = parts
  const frame = useRef<HTMLDivElement>(null)
  const colours = useStore(theme)
  const content = JSON.stringify([timestamps, series, kind])
  useEffect(() => {
    const element = frame.current
    if (!element) return undefined
    const times = timestamps.map((at) => Date.parse(at) / 1000)
    const heights = kind === 'bars' ? stack(series).toReversed() : series.map(({ values }) => values.map(Number))
    const make = () => new Plot(optionsOf(parts, element.clientWidth, hover), [times, ...heights], element)
    let plot = make()
    const redraw = (): void => {
      plot.destroy()
      plot = make()
    }
    const resizing = new ResizeObserver(() => element.clientWidth && plot.setSize({ width: element.clientWidth, height: HEIGHT }))
    resizing.observe(element)
    const dark = matchMedia('(prefers-color-scheme: dark)')
    dark.addEventListener('change', redraw)
    return () => {
      resizing.disconnect()
      dark.removeEventListener('change', redraw)
      plot.destroy()
    }
  }, [content, colours])
  return <div ref={frame} class="chart" aria-hidden="true" />
}

const Values = ({ timestamps, series, period, show, label }: ChartParts) => (
  <details class="values">
    <summary>As a table</summary>
    <div class="table-frame" role="region" aria-label={`${label}, as a table`} tabIndex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">From (UTC)</th>
            {series.map(({ name }) => (
              <th key={name} scope="col" class="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {timestamps.map((at, index) => (
            <tr key={at}>
              <td>{bucketOf(at, period)}</td>
              {series.map(({ name, values }) => (
                <td key={name} class="number">
                  {show(values[index] ?? 0)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  </details>
)

/** Values over time: drawn, the one under the pointer in words, and all of them in a table. */
export const Chart = (parts: ChartParts) => {
  const [at, hover] = useState<number | null>(null)
  const { timestamps, series, period, show, label } = parts
  if (!timestamps.length) return <p class="muted">There is nothing in this time.</p>
  const time = at === null ? undefined : timestamps[at]
  return (
    <figure aria-label={label}>
      <figcaption class="reading">
        {series.map(({ name, colour, values }) => (
          <span key={name}>
            <i class={`colour ${colour}`} aria-hidden="true" />
            {name}
            {at !== null && time !== undefined && <strong> {show(values[at] ?? 0)}</strong>}
          </span>
        ))}
        <span class="muted">{time && bucketOf(time, period)}</span>
      </figcaption>
      <Drawing {...parts} hover={hover} />
      <Values {...parts} />
    </figure>
  )
}
