import * as minorUnits from 'dinero.js/currencies'
import { iso31661Alpha2ToAlpha3 } from 'iso-3166'

/** ISO 3166-1 alpha-2, every assigned code. */
export const COUNTRIES: ReadonlySet<string> = new Set(Object.keys(iso31661Alpha2ToAlpha3))

/** ISO 4217, list one. The package has the codes with a minor unit; those without follow. BGN left the list on 2026-01-01. */
export const CURRENCIES: ReadonlySet<string> = new Set(
  [...Object.keys(minorUnits), ...'XAG XAU XBA XBB XBC XBD XDR XPD XPT XSU XTS XUA XXX'.split(' ')].filter(
    (currency) => currency !== 'BGN',
  ),
)
