import { iso31661Alpha2ToAlpha3 } from 'iso-3166'
import * as z from 'zod/mini'

/** ISO 3166-1 alpha-2, every assigned code, and XK, by which the European Commission and others know Kosovo. */
export const COUNTRIES: ReadonlySet<string> = new Set([...Object.keys(iso31661Alpha2ToAlpha3), 'XK'])

const Currency = z.currencyCode()

/** Codes without a minor unit in list one: metals, baskets of currencies, and the codes for tests and for no currency. */
const NO_MONEY = /^X(?:A[GU]|B[A-D]|DR|P[DT]|SU|TS|UA|XX)$/

/** Whether `code` is on list one of ISO 4217, and money. */
export const isCurrency = (code: string): boolean => z.safeParse(Currency, code).success && !NO_MONEY.test(code)

/** The currencies whose minor unit is not a hundredth, by the decimals of the minor unit (ISO 4217, list one). */
const MINOR_DIGITS: Readonly<Record<number, readonly string[]>> = {
  0: ['BIF', 'CLP', 'DJF', 'GNF', 'ISK', 'JPY', 'KMF', 'KRW', 'PYG', 'RWF', 'UGX', 'UYI', 'VND', 'VUV', 'XAF', 'XOF', 'XPF'],
  3: ['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND'],
  4: ['CLF', 'UYW'],
}

const digitsOf = new Map(Object.entries(MINOR_DIGITS).flatMap(([digits, codes]) => codes.map((code) => [code, Number(digits)])))

/** How many decimals the smallest amount of a currency has: 2 for USD, 0 for JPY. */
export const minorDigitsOf = (currency: string): number => digitsOf.get(currency) ?? 2
