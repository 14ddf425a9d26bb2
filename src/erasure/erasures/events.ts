import { sql } from 'drizzle-orm'
import { refuseWhen } from '../../db/conflicts.ts'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import {
  type ErasedPlace,
  type KindedGeneration,
  accountKey,
  accountLedgersOf,
  askAccounts,
  askAll,
  askEvents,
  ledgersOf,
  selectGenerations,
} from '../../ledger/client.ts'
import type { ErasureRow, Slice } from './slice.ts'
import { isAliasOf, subjectOf } from './subjects.ts'
import { readAccounts } from './walks.ts'

/** Where the erasure of events stands: the account, the names that it had with what takes their places, and the ledgers that are not done yet. */
interface EventsCursor {
  account: string
  names: readonly (readonly [old: string, next: string])[]
  /** Each event ledger that is not done, with the event behind which it goes on. Undefined until the account has lost its names. */
  ledgers?: Readonly<Record<string, ErasedPlace | 'NAMES' | null>>
  areNamesOfLicensesDone?: boolean
}

const readGenerations = ({ session, organizationId }: Ctx): Promise<KindedGeneration[]> =>
  session.rows<KindedGeneration>(selectGenerations(organizationId))

const eventLedgersOf = (ctx: Ctx, generations: readonly KindedGeneration[]): string[] =>
  generations.filter(({ kind }) => kind === 'EVENT').flatMap((generation) => ledgersOf(ctx, generation))

interface HeldName {
  value: string
  isOnlyHere: number
}

/** The names that an account has had, and whether no other customer had them. Those that have been replaced are left out. */
const readNames = (ctx: Ctx, customerId: string, account: string): Promise<HeldName[]> =>
  ctx.session.rows<HeldName>(
    selectRows(sql`
      select distinct its.value, iif(${isAliasOf(subjectOf(ctx, customerId), sql`its.value`)}, 1, 0) as isOnlyHere
      from accounts as account join account_aliases as its on its.togai_account_id = account.togai_account_id
      where account.organization_id = ${ctx.organizationId} and account.id = ${account} and its.value not glob 'erased.*'`),
  )

/**
 * Takes the aliases of an account, and puts what says nothing in their place. A name that another customer has had too stays in the pool of
 * aliases, and events that wait for it stay too.
 */
const takeNames = async (ctx: Ctx, customerId: string, account: string): Promise<Slice> => {
  const { organizationId, now } = ctx
  const held = await readNames(ctx, customerId, account)
  const all = held.map(({ value, isOnlyHere }) => ({
    pair: [value, `erased.${crypto.randomUUID().replaceAll('-', '')}`] as const,
    isOnlyHere,
  }))
  const names = all.flatMap(({ pair, isOnlyHere }) => (isOnlyHere ? [pair] : []))
  const [every, own] = [JSON.stringify(all.map(({ pair }) => pair)), JSON.stringify(names)]
  const next: EventsCursor = { account, names }
  const ofAccount = sql`organization_id = ${organizationId} and togai_account_id = (
    select togai_account_id from accounts where organization_id = ${organizationId} and id = ${account}
  )`
  return {
    statements: [
      refuseWhen(
        'STALE',
        sql`select '[]' from json_each(${own}) as sent where not ${isAliasOf(subjectOf(ctx, customerId), sql`sent.value ->> 0`)}`,
      ),
      selectRows(sql`
        update aliases set value = sent.value ->> 1, status = 'ARCHIVED', updated_at = ${now}, version = version + 1 from json_each(${own}) as sent
        where aliases.organization_id = ${organizationId} and aliases.value = sent.value ->> 0`),
      selectRows(sql`
        delete from outbox where organization_id = ${organizationId} and resource_type = 'ALIAS'
          and resource_id in (select value ->> 0 from json_each(${own}))`),
      selectRows(sql`
        update jobs set metadata = json_set(metadata, '$.accountId', sent.value ->> 1), version = version + 1 from json_each(${own}) as sent
        where jobs.organization_id = ${organizationId} and jobs.metadata ->> 'accountId' = sent.value ->> 0`),
      selectRows(sql`
        update account_aliases set value = sent.value ->> 1, updated_at = max(account_aliases.updated_at, ${now}) from json_each(${every}) as sent
        where ${ofAccount} and account_aliases.value = sent.value ->> 0`),
      selectRows(sql`update accounts set version = version + 1 where organization_id = ${organizationId} and id = ${account}`),
    ],
    due: [{ kind: 'ACCOUNT_CHANGED', subject: account, dueAt: now }],
    erased: { aliases: held.length },
    next,
  }
}

/** Has the ledgers of an account erase what its events say, a part of each. */
const eraseInLedgers = async (ctx: Ctx, cursor: EventsCursor): Promise<Slice> => {
  const generations = await readGenerations(ctx)
  const { account, names } = cursor
  const left = cursor.ledgers ?? Object.fromEntries(eventLedgersOf(ctx, generations).map((name) => [name, null]))
  const areNamesOfLicensesDone = cursor.areNamesOfLicensesDone ?? false
  const [events, licenses] = await Promise.all([
    askAll(Object.keys(left), async (name) => {
      const after = left[name] ?? undefined
      const erased = await askEvents(ctx, name, (ledger) =>
        ledger.eraseEvents({ account: accountKey(account), names, ...(after && { after }) }),
      )
      return { name, erased }
    }),
    askAll(areNamesOfLicensesDone ? [] : accountLedgersOf(ctx, generations), (name) =>
      askAccounts(ctx, name, (ledger) => ledger.eraseNames([account])),
    ),
  ])
  const waits = events.some(({ erased }) => erased === 'BUSY')
  const ledgers = Object.fromEntries(
    events.flatMap(({ name, erased }) =>
      erased === 'BUSY' ? [[name, left[name] ?? null] as const] : erased.next ? [[name, erased.next] as const] : [],
    ),
  )
  const isMore = licenses.some((its) => its.isMore)
  const isDone = !Object.keys(ledgers).length && !isMore
  const erased = {
    events: events.reduce((sum, its) => sum + (its.erased === 'BUSY' ? 0 : its.erased.erased), 0),
    licenseNames: licenses.reduce((sum, its) => sum + its.erased, 0),
  }
  const next: EventsCursor = isDone ? { account, names: [], ledgers: {} } : { account, names, ledgers, areNamesOfLicensesDone: !isMore }
  return { statements: [], erased, next, waits }
}

/** Erases the aliases and the events of one account after another. The cursor forgets the aliases with the account. */
export const eraseEventsSlice = async (ctx: Ctx, { customerId, cursor }: ErasureRow): Promise<Slice> => {
  const at = cursor as EventsCursor | null
  const isOver = !at || (at.ledgers !== undefined && !Object.keys(at.ledgers).length && at.areNamesOfLicensesDone === undefined)
  if (at && !isOver) return eraseInLedgers(ctx, at)
  const [account] = await readAccounts(ctx, customerId, at?.account ?? '', 1)
  return account === undefined ? { statements: [] } : takeNames(ctx, customerId, account)
}

/** The accounts of which events are counted: of these at a time, and these in all. */
const [COUNTED_AT_ONCE, COUNTED] = [25, 100]

/** How many aliases, events and names of licences there are to be erased. */
export const countInLedgers = async (ctx: Ctx, customerId: string): Promise<Record<string, number>> => {
  const generations = await readGenerations(ctx)
  const total = { aliases: 0, events: 0, licenseNames: 0 }
  for (let [after, counted] = ['', 0]; ; counted += COUNTED_AT_ONCE) {
    const ids = counted < COUNTED ? await readAccounts(ctx, customerId, after, COUNTED_AT_ONCE) : []
    const last = ids.at(-1)
    if (last === undefined) return total
    after = last
    const held = (await Promise.all(ids.map((id) => readNames(ctx, customerId, id)))).flat()
    const names = held.flatMap(({ value, isOnlyHere }) => (isOnlyHere ? [value] : []))
    const [events, licenses] = await Promise.all([
      askAll(eventLedgersOf(ctx, generations), (name) =>
        askEvents(ctx, name, (ledger) => ledger.countErasable(ids.map(accountKey), names)),
      ),
      askAll(accountLedgersOf(ctx, generations), (name) => askAccounts(ctx, name, (ledger) => ledger.countNames(ids))),
    ])
    total.aliases += held.length
    total.events += events.reduce((sum, count) => sum + count, 0)
    total.licenseNames += licenses.reduce((sum, count) => sum + count, 0)
  }
}
