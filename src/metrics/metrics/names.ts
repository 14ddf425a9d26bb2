import { sql } from 'drizzle-orm'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { keyOf } from '../../events/ingestion/service.ts'
import { type KindedGeneration, selectGenerations } from '../../ledger/client.ts'
import type { MetricQuery } from './schema.ts'

/** The accounts, customers and meters that a request names, as they are in the database now. */
export interface Names {
  generations: readonly KindedGeneration[]
  /** The account of each name: by id, by an alias that is in effect now, or by the alias that it had last. */
  accountOf: (name: string) => string | undefined
  /** The accounts of a customer. */
  accountsOf: (customerId: string) => readonly string[]
  /** The usage meter with an id or a name. */
  meterOf: (name: string) => string | undefined
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
  const results = await ctx.session.batch(asked.map(([, statement]) => statement))
  const rows = (of: string) => (results[asked.findIndex(([name]) => name === of)]?.results ?? []) as Row[]
  const accountOf = new Map([...rows('aliases'), ...rows('accounts')].map(({ name, id }) => [name, id]))
  const byCustomer = Map.groupBy(rows('customers'), ({ customerId }) => customerId)
  const accountsOf = (customerId: string): string[] => (byCustomer.get(customerId) ?? []).map(({ id }) => id)
  const found = rows('meters')
  const meterOf = new Map([...found.map(({ id, name }) => [name, id] as const), ...found.map(({ id }) => [id, id] as const)])
  return {
    generations: (results[0]?.results ?? []) as KindedGeneration[],
    accountOf: (name) => accountOf.get(keyOf(name)),
    accountsOf: (customerId) => accountsOf(keyOf(customerId)),
    meterOf: (name) => meterOf.get(keyOf(name)),
    own: portal && accountsOf(portal.customerId).filter((id) => portal.accountIds === 'all' || portal.accountIds.includes(id)),
  }
}
