import { counted } from './format.ts'

const DURATION = /^P(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/

const UNITS = ['year', 'month', 'week', 'day', 'hour', 'minute', 'second'] as const

/** Whether a text is a duration of ISO 8601 as the API takes it. */
export const isDuration = (text: string): boolean => DURATION.test(text)

/** A duration of ISO 8601 in words: P1Y6M as 1 year and 6 months. A text that is none stays as it is. */
export const durationWords = (text: string): string => {
  const [, ...sizes] = DURATION.exec(text) ?? []
  const parts = UNITS.flatMap((unit, at) => (Number(sizes[at] ?? 0) > 0 ? [counted(Number(sizes[at]), unit)] : []))
  if (!parts.length) return isDuration(text) ? 'no time' : text
  return [parts.slice(0, -1).join(', '), parts.at(-1)].filter(Boolean).join(' and ')
}
