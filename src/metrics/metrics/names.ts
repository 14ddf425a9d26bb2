import { eq, sql } from 'drizzle-orm'
import { keptRevenue } from '../../billing/revenue/table.ts'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { builder, selectRows } from '../../db/statements.ts'
import { type ExchangeRates, readExchangeRates, selectExchangeRates } from '../../customers/settings/service.ts'
import { keyOf } from '../../events/ingestion/service.ts'
import { type KindedGeneration, selectGenerations } from '../../ledger/client.ts'
import { isOfCycles } from './fields.ts'
import type { MetricQuery } from './schema.ts'

/** The most accounts whose cycles are reckoned for a query. */
export const MOST_RECKONED = 200

/** The accounts, customers and meters that a request names, as they are in the database now. */
export interface Names {
  generations: readonly KindedGeneration[]
  /** The account of each name: by id, by an alias that is in effect now, or by the alias that it had last. */
  accountOf: (name: string) => string | undefined
  /** The accounts of a customer. */
  accountsOf: (customerId: string) => readonly string[]
  /** The usage meter with an id or a name. */
  meterOf: (name: string) => string | undefined
  /** The ids of the usage meters, add-ons and features with an id or a name, and the name itself, which a pricing rule may have given. */
  billablesOf: (name: string) => readonly string[]
  /** Accounts that have had a price plan, one more than are reckoned at most, if queries are about cycles. */
  planned: readonly string[]
  /** Whether what all accounts earn is kept, and each has been reckoned once. */
  isKept: boolean
  rates: ExchangeRates
  /** The accounts that a portal token can read. */
  own: readonly string[] | undefined
}

/** The values of some fields in the filters of all queries. */
const valuesOf = (queries: readonly MetricQuery[], fields: readonly string[]): string[] => [
  ...new Set(
    queries.flatMap(({ filters = [] }) =>
      filters.flatMap(({ fieldName, fieldValues }) => (fields.includes(fieldName) ? fieldValues.map(keyOf) : [])),
    ),
  ),
]

const accountsById = (organizationId: string, names: string) =>
  selectRows(sql`
    select its.id as name, its.id from json_each(${names}) as sent
    cross join accounts as its on its.organization_id = ${organizationId} and its.id = sent.value`)

const accountsByAlias = (organizationId: string, names: string, now: number) =>
  selectRows(sql`
    select sent.value as name, its.id from json_each(${names}) as sent
    cross join account_aliases as alias on alias.organization_id = ${organizationId} and alias.value = sent.value
      and alias.effective_from < alias.effective_until and alias.effective_from <= ${now}
    cross join accounts as its on its.togai_account_id = alias.togai_account_id
    order by alias.effective_until`)

const accountsByCustomer = (organizationId: string, customers: string) =>
  selectRows(sql`
    select its.customer_id as customerId, its.id from json_each(${customers}) as sent
    cross join accounts as its on its.organization_id = ${organizationId} and its.customer_id = sent.value`)

const metersByName = (organizationId: string, names: string) =>
  selectRows(sql`
    select id, name from usage_meters where organization_id = ${organizationId}
      and (id in (select value from json_each(${names})) or name in (select value from json_each(${names})))`)

const billablesByName = (organizationId: string, names: string) =>
  selectRows(sql`
    ${sql.join(
      ['usage_meters', 'add_ons', 'features'].map(
        (table) =>
          sql`select its.id, its.name from json_each(${names}) as sent cross join ${sql.raw(table)} as its on its.organization_id = ${organizationId} and its.name = sent.value`,
      ),
      sql` union all `,
    )}`)

const plannedAccounts = (organizationId: string) =>
  selectRows(
    sql`select account_id as id from timelines where organization_id = ${organizationId} order by account_id limit ${MOST_RECKONED + 1}`,
  )

/** The customer of each account. */
export const readCustomers = async (ctx: Ctx, accounts: readonly string[]): Promise<Map<string, string>> => {
  const rows = await ctx.session.rows<{ id: string; customerId: string }>(
    selectRows(sql`
      select its.id, its.customer_id as customerId from json_each(${JSON.stringify(accounts)}) as sent
      cross join accounts as its on its.organization_id = ${ctx.organizationId} and its.id = sent.value`),
  )
  return new Map(rows.map(({ id, customerId }) => [id, customerId]))
}

interface Row {
  id: string
  name: string
  customerId: string
}

/** Reads the accounts, customers and meters that queries name, and the generations of ledgers, in one round trip. */
export const readNames = async (ctx: Ctx, queries: readonly MetricQuery[]): Promise<Names> => {
  const { organizationId, portal, now } = ctx
  const accounts = valuesOf(queries, ['ACCOUNT_ID'])
  const customers = [...valuesOf(queries, ['CUSTOMER_ID']), ...(portal ? [portal.customerId] : [])]
  const meters = valuesOf(queries, ['USAGE_METER_ID', 'BILLABLE_ID'])
  const asked: [string, Statement][] = [['generations', selectGenerations(organizationId)]]
  if (accounts.length) {
    const names = JSON.stringify(accounts)
    asked.push(['aliases', accountsByAlias(organizationId, names, now)], ['accounts', accountsById(organizationId, names)])
  }
  if (customers.length) asked.push(['customers', accountsByCustomer(organizationId, JSON.stringify([...new Set(customers)]))])
  if (meters.length) asked.push(['meters', metersByName(organizationId, JSON.stringify(meters))])
  const ofCycles = queries.filter(({ name }) => isOfCycles(name))
  if (ofCycles.length) {
    const billables = JSON.stringify(valuesOf(ofCycles, ['USAGE_METER_ID', 'BILLABLE_ID']))
    asked.push(
      ['billables', billablesByName(organizationId, billables)],
      ['planned', plannedAccounts(organizationId)],
      [
        'kept',
        builder
          .select({ isReady: sql<number>`${keptRevenue.isReady}`.as('isReady') })
          .from(keptRevenue)
          .where(eq(keptRevenue.organizationId, organizationId)),
      ],
      ['rates', selectExchangeRates(ctx)],
    )
  }
  const results = await ctx.session.batch(asked.map(([, statement]) => statement))
  const rows = (of: string) => (results[asked.findIndex(([name]) => name === of)]?.results ?? []) as Row[]
  const accountOf = new Map([...rows('aliases'), ...rows('accounts')].map(({ name, id }) => [name, id]))
  const byCustomer = Map.groupBy(rows('customers'), ({ customerId }) => customerId)
  const accountsOf = (customerId: string): string[] => (byCustomer.get(customerId) ?? []).map(({ id }) => id)
  const found = rows('meters')
  const meterOf = new Map([...found.map(({ id, name }) => [name, id] as const), ...found.map(({ id }) => [id, id] as const)])
  const billables = Map.groupBy(rows('billables'), ({ name }) => name)
  return {
    billablesOf: (name) => [keyOf(name), ...(billables.get(keyOf(name)) ?? []).map(({ id }) => id)],
    planned: rows('planned').map(({ id }) => id),
    isKept: (rows('kept') as unknown as { isReady: number }[])[0]?.isReady === 1,
    rates: readExchangeRates(rows('rates')),
    generations: (results[0]?.results ?? []) as KindedGeneration[],
    accountOf: (name) => accountOf.get(keyOf(name)),
    accountsOf: (customerId) => accountsOf(keyOf(customerId)),
    meterOf: (name) => meterOf.get(keyOf(name)),
    own: portal && accountsOf(portal.customerId).filter((id) => portal.accountIds === 'all' || portal.accountIds.includes(id)),
  }
}
