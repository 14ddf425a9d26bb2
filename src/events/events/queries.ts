import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import { accountKey, unknownKey } from '../../ledger/client.ts'
import { keyOf } from '../ingestion/texts.ts'
import type { Generation } from '../ingestion/memory.ts'

/** Where to look for events, and the accounts that they must have. */
export interface Scope {
  /** The generations of event ledgers, the newest last. */
  generations: readonly Generation[]
  /** The keys of the accounts, one of which an event must have. Undefined if the query names no account or customer. */
  accounts: readonly string[] | undefined
}

/**
 * The account that has a name as its id; else the one that has it as an alias now, or had it last.
 *
 *     select its.id from accounts as its where its.organization_id = ? and its.id = ?
 *     union all select its.id from account_aliases as alias join accounts as its … where alias.value = ? …
 */
const selectAccountNamed = ({ organizationId, now }: Ctx, name: string) => sql`
  select id from (
    select its.id, 2 as fit, 0 as until from accounts as its where its.organization_id = ${organizationId} and its.id = ${name}
    union all
    select its.id, alias.effective_from <= ${now} and ${now} < alias.effective_until, alias.effective_until
    from account_aliases as alias join accounts as its on its.togai_account_id = alias.togai_account_id
    where alias.organization_id = ${organizationId} and alias.value = ${name} and alias.effective_from < alias.effective_until
  ) order by fit desc, until desc limit 1`

const NONE = sql`select null as id where false`

const keysOf = (result: D1Result | undefined): string[] => ((result?.results ?? []) as { id: string }[]).map(({ id }) => accountKey(id))

/** Reads where to look for the events of an account (by id or alias), of a customer's accounts, or of both. A portal token sees its own accounts only. */
export const readScope = async (ctx: Ctx, asked: { account?: string | undefined; customer?: string | undefined }): Promise<Scope> => {
  const { organizationId, portal } = ctx
  const name = asked.account === undefined ? undefined : keyOf(asked.account)
  const ofCustomerId = (customerId: string) =>
    selectRows(sql`select id from accounts where organization_id = ${organizationId} and customer_id = ${customerId}`)
  const [generations, named, owned, own] = await ctx.session.batch([
    selectRows(sql`
      select generation, ledgers, started_at as startedAt, ended_at as endedAt, first_hour as firstHour, last_hour as lastHour
      from ledger_generations where organization_id = ${organizationId} and kind = 'EVENT' order by generation`),
    selectRows(name === undefined ? NONE : selectAccountNamed(ctx, name)),
    asked.customer === undefined ? selectRows(NONE) : ofCustomerId(keyOf(asked.customer)),
    ...(portal ? [ofCustomerId(portal.customerId)] : []),
  ])
  const ofName = name === undefined ? undefined : [...keysOf(named), unknownKey(name)]
  const ofCustomer = asked.customer === undefined ? undefined : keysOf(owned)
  const isOwn = (key: string): boolean => !portal || portal.accountIds === 'all' || portal.accountIds.some((id) => accountKey(id) === key)
  const ofPortal = portal && keysOf(own).filter(isOwn)
  const [first, ...others] = [ofName, ofCustomer, ofPortal].filter((keys) => keys !== undefined)
  return {
    generations: (generations?.results ?? []) as Generation[],
    accounts: first?.filter((key) => others.every((keys) => keys.includes(key))),
  }
}

/** The data of an account that is shown with its events. */
export interface Owner {
  id: string
  name: string
  invoiceCurrency: string
  customerId: string
  customerName: string
}

/** Reads accounts by their ids, each with its customer. */
export const readOwners = async (ctx: Ctx, ids: readonly string[]): Promise<Map<string, Owner>> => {
  if (!ids.length) return new Map()
  const rows = await ctx.session.rows<Owner>(
    selectRows(sql`
      select its.id, its.name, its.invoice_currency as invoiceCurrency, its.customer_id as customerId, customer.name as customerName
      from json_each(${JSON.stringify(ids)}) as sent
      cross join accounts as its on its.organization_id = ${ctx.organizationId} and its.id = sent.value
      cross join customers as customer on customer.togai_customer_id = its.togai_customer_id`),
  )
  return new Map(rows.map((row) => [row.id, row]))
}
