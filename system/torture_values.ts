import { randomInt } from 'node:crypto'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

export const iso = (time: number): string => new Date(time).toISOString()

/** Ends the torture with what is wrong, unless it holds. */
export function must(holds: unknown, wrong: string): asserts holds {
  if (!holds) throw new Error(wrong)
}

export const pick = <Item>(items: readonly Item[]): Item | undefined => items[items.length && randomInt(items.length)]

/** A decimal text in hundredths. */
export const hundredthsOf = (text: string): bigint => {
  const [, sign, whole, part = ''] = /^(-?)(\d+)(?:\.(\d{1,2}))?$/.exec(text) ?? []
  must(whole !== undefined, `${JSON.stringify(text)} is no number of hundredths`)
  return BigInt(`${sign}${whole}${part.padEnd(2, '0')}`)
}

export const textOf = (hundredths: bigint): string => {
  const size = hundredths < 0n ? -hundredths : hundredths
  return `${hundredths < 0n ? '-' : ''}${size / 100n}.${String(size % 100n).padStart(2, '0')}`
}
