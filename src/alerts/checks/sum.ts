import { type ExchangeRates, readExchangeRates, selectExchangeRates } from '../../customers/settings/service.ts'
import type { Ctx } from '../../db/context.ts'
import { formatDecimal, isZero, multiply, requireDecimal, sumDecimals } from '../../lib/decimal.ts'
import type { CheckProgress, SumOfAccounts } from '../alerts/table.ts'
import { MEASURES, readNextAccounts } from './accounts.ts'
import type { CheckedAlert, Finding, Observing } from './finding.ts'

/** The accounts that are observed in one step of a check of all accounts. */
export const ACCOUNTS_AT_ONCE = 1000

const NOTHING: SumOfAccounts = { value: '0', observed: 0, from: null, until: null, changesAt: null, leftOut: [] }

const least = (...values: readonly (number | null | undefined)[]): number | null => {
  const known = values.filter((value) => typeof value === 'number')
  return known.length ? Math.min(...known) : null
}

const most = (...values: readonly (number | null | undefined)[]): number | null => {
  const known = values.filter((value) => typeof value === 'number')
  return known.length ? Math.max(...known) : null
}

/** What is found of an account in the base currency. Undefined if the rate of its currency is not known. */
const convert = ({ baseCurrency }: Ctx, rates: ExchangeRates, { value = '0', currency }: Finding): string | undefined => {
  if (currency === undefined || currency === baseCurrency || isZero(requireDecimal(value))) return value
  const rate = rates.get(currency)
  return rate && formatDecimal(multiply(requireDecimal(value), rate))
}

/** Adds what is found of accounts. What is in a currency whose rate is not known is left out. */
const addUp = (ctx: Ctx, rates: ExchangeRates, sum: SumOfAccounts, found: readonly (Finding | undefined)[]): SumOfAccounts => {
  const observed = found.filter((one) => one !== undefined)
  const converted = observed.map((one) => ({ one, value: convert(ctx, rates, one) }))
  const counted = observed.filter(({ value = '0' }) => !isZero(requireDecimal(value)))
  const unknown = converted.flatMap(({ one, value }) => (value === undefined && one.currency !== undefined ? [one.currency] : []))
  return {
    value: sumDecimals([sum.value, ...converted.map(({ value }) => value ?? '0')]),
    observed: sum.observed + observed.length,
    from: least(sum.from, ...counted.map(({ from }) => from)),
    until: most(sum.until, ...counted.map(({ until }) => until)),
    changesAt: least(sum.changesAt, ...observed.map(({ changesAt }) => changesAt)),
    leftOut: [...new Set([...sum.leftOut, ...unknown])].toSorted(),
  }
}

/** How far the check of an alert has come: that of an earlier version begins anew. */
export const progressOf = ({ row, at }: CheckedAlert): CheckProgress =>
  row.progress?.version === row.version ? row.progress : { version: row.version, at, after: '', step: 0, sum: NOTHING }

const readRates = async (ctx: Ctx): Promise<ExchangeRates> => readExchangeRates(await ctx.session.rows(selectExchangeRates(ctx)))

/** What a check of all accounts has found, or how far it has come. */
export type SumStep = { finding: Finding } | { progress: CheckProgress }

/** Observes the next accounts of an organization, and adds up what it finds. */
export const observeNextAccounts = async (ctx: Ctx, observing: Omit<Observing, 'at'>, checked: CheckedAlert): Promise<SumStep> => {
  const { template, row } = checked
  const before = progressOf(checked)
  const [accounts, rates] = await Promise.all([
    readNextAccounts(ctx, template.observed, before.after, ACCOUNTS_AT_ONCE),
    template.observed === 'CREDIT_BALANCE' ? readRates(ctx) : (new Map() as ExchangeRates),
  ])
  const found = await MEASURES[template.observed]?.(
    ctx,
    { ...observing, at: before.at },
    accounts.map((account) => ({ account, entityId: row.entityId ?? '' })),
  )
  const sum = addUp(ctx, rates, before.sum, found ?? [])
  const last = accounts.at(-1)
  if (last && accounts.length === ACCOUNTS_AT_ONCE) return { progress: { ...before, after: last.id, step: before.step + 1, sum } }
  const { value, observed, from, until, changesAt, leftOut } = sum
  return {
    finding: {
      value: observed || template.observed === 'USAGE' ? value : undefined,
      ...(template.observed === 'CREDIT_BALANCE' && { currency: ctx.baseCurrency }),
      from: from ?? undefined,
      until: until ?? undefined,
      cycleEnd: until ?? undefined,
      changesAt: changesAt ?? undefined,
      ...(leftOut.length && { leftOut }),
    },
  }
}
