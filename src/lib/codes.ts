import { iso31661Alpha2ToAlpha3 } from 'iso-3166'
import * as z from 'zod/mini'

/** ISO 3166-1 alpha-2, every assigned code. */
export const COUNTRIES: ReadonlySet<string> = new Set(Object.keys(iso31661Alpha2ToAlpha3))

const Currency = z.currencyCode()

/** Whether `code` is on list one of ISO 4217. */
export const isCurrency = (code: string): boolean => z.safeParse(Currency, code).success
