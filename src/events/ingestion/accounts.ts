import { sql } from 'drizzle-orm'
import type { Ctx } from '../../db/context.ts'
import { selectRows } from '../../db/statements.ts'
import type { OrganizationMemory } from './memory.ts'
import { type PlanInForce, plansOfIts, readPlans } from './plans.ts'
import { type EntitySetting, type SettingMap, mapSettings } from './settings.ts'

/** The data of an account that a Worker remembers for ingestion. Times are in milliseconds. */
export interface AccountMemory {
  id: string
  customerId: string
  /** Determines its account ledger. */
  createdAt: number
  status: 'ACTIVE' | 'DRAFT' | 'ARCHIVED'
  /** The time until which its events are accepted, if it is archived. */
  archivedAt: number
  version: number
  /** The plans of its timeline, if it ever has one. */
  plans?: readonly PlanInForce[]
  settings?: SettingMap
  invoiceGroupSettings?: SettingMap
  customerSettings?: SettingMap
}

/** The accounts with a name: the one that has it as its id, and those that have it as an alias for a time. */
interface NameMemory {
  account?: AccountMemory
  aliases: { account: AccountMemory; from: number; until: number }[]
  /** The version of the organization at the time of reading, and when the memory expires. */
  version: number
  until: number
}

const REMEMBERED_FOR = 60_000

/** The most names that are remembered for all organizations. */
const MOST_NAMES = 50_000

const names = new Map<string, NameMemory>()

const keyOf = (ctx: Ctx, name: string): string => `${ctx.organizationId} ${name}`

/** Forgets accounts by their names. */
export const forgetAccounts = (ctx: Ctx, ids: readonly string[]): void => {
  const gone = new Set(ids)
  const prefix = `${ctx.organizationId} `
  for (const [key, { account, aliases }] of names)
    if (key.startsWith(prefix) && (gone.has(account?.id ?? '') || aliases.some((alias) => gone.has(alias.account.id)))) names.delete(key)
}

interface AccountRow {
  name: string
  from: number | null
  until: number | null
  id: string
  customerId: string
  createdAt: number
  status: AccountMemory['status']
  updatedAt: number
  version: number
  invoiceGroupId: string | null
  plans: string
}

/**
 * The accounts that some names may mean, by id or alias.
 *
 *     select sent.value, …, its.id, … from json_each(?) as sent cross join accounts as its on its.organization_id = ? and its.id = sent.value
 *     union all select sent.value, alias.effective_from, … from json_each(?) as sent cross join account_aliases as alias … cross join accounts as its …
 */
const accountsOf = (organizationId: string, sent: string, more = sql``) => {
  const columns = sql`its.id, its.customer_id as customerId, its.created_at as createdAt, its.status, its.updated_at as updatedAt, its.version,
    (select member.invoice_group_id from invoice_group_accounts as member
      where member.organization_id = its.organization_id and member.account_id = its.id) as invoiceGroupId${more}`
  return sql`
    select sent.value as name, null as "from", null as "until", ${columns} from json_each(${sent}) as sent
    cross join accounts as its on its.organization_id = ${organizationId} and its.id = sent.value
    union all
    select sent.value, alias.effective_from, alias.effective_until, ${columns} from json_each(${sent}) as sent
    cross join account_aliases as alias on alias.organization_id = ${organizationId} and alias.value = sent.value
      and alias.effective_from < alias.effective_until
    cross join accounts as its on its.togai_account_id = alias.togai_account_id`
}

const readNames = async (ctx: Ctx, memory: OrganizationMemory, wanted: readonly string[]): Promise<Map<string, NameMemory>> => {
  const sent = JSON.stringify(wanted)
  const found = accountsOf(ctx.organizationId, sent)
  const statements = [
    selectRows(accountsOf(ctx.organizationId, sent, sql`, ${plansOfIts(memory.hasFeatures)} as plans`)),
    ...(memory.hasSettings
      ? [
          selectRows(sql`
            with its as (${found}),
            entities as (
              select 'ACCOUNT' as type, id from its union select 'CUSTOMER', customerId from its union select 'INVOICE_GROUP', invoiceGroupId from its
            )
            select settings.entity_type as entityType, settings.entity_id as entityId, settings.namespace, settings.id, settings.value,
              settings.data_type as dataType
            from entities cross join settings on settings.organization_id = ${ctx.organizationId}
              and settings.entity_type = entities.type and settings.entity_id = entities.id`),
        ]
      : []),
  ]
  const results = await ctx.session.batch(statements)
  const settings = Map.groupBy((results[1]?.results ?? []) as EntitySetting[], ({ entityType, entityId }) => `${entityType} ${entityId}`)
  const settingsOf = (type: string, id: string | null): SettingMap | undefined => {
    const its = settings.get(`${type} ${id}`)
    return its && mapSettings(its)
  }
  const accounts = new Map<string, AccountMemory>()
  const read = new Map<string, NameMemory>(
    wanted.map((name) => [name, { aliases: [], version: memory.version, until: ctx.wallClock + REMEMBERED_FOR }]),
  )
  for (const row of (results[0]?.results ?? []) as AccountRow[]) {
    let account = accounts.get(row.id)
    if (!account) {
      const own = settingsOf('ACCOUNT', row.id)
      const group = settingsOf('INVOICE_GROUP', row.invoiceGroupId)
      const customer = settingsOf('CUSTOMER', row.customerId)
      const plans = readPlans(row.plans)
      account = {
        id: row.id,
        customerId: row.customerId,
        createdAt: row.createdAt,
        status: row.status,
        archivedAt: row.status === 'ARCHIVED' ? row.updatedAt : Number.POSITIVE_INFINITY,
        version: row.version,
        ...(plans && { plans }),
        ...(own && { settings: own }),
        ...(group && { invoiceGroupSettings: group }),
        ...(customer && { customerSettings: customer }),
      }
      accounts.set(row.id, account)
    }
    const name = read.get(row.name)
    if (row.from === null || row.until === null) Object.assign(name ?? {}, { account })
    else name?.aliases.push({ account, from: row.from, until: row.until })
  }
  return read
}

const findAt = ({ account, aliases }: NameMemory, time: number): AccountMemory | undefined => {
  const found = account ?? aliases.find(({ from, until }) => from <= time && time < until)?.account
  return found && found.status !== 'DRAFT' && time < found.archivedAt ? found : undefined
}

/** Finds the accounts that events name, at the time of each event. A name that is not found is looked up in the database each time. */
export const recallAccounts = async (
  ctx: Ctx,
  memory: OrganizationMemory,
  wanted: readonly { name: string; time: number }[],
): Promise<(name: string, time: number) => AccountMemory | undefined> => {
  const recalled = new Map<string, NameMemory>()
  const unknown = new Set<string>()
  for (const { name, time } of wanted) {
    const known = names.get(keyOf(ctx, name))
    if (!known || known.until <= ctx.wallClock || known.version !== memory.version || !findAt(known, time)) unknown.add(name)
    else recalled.set(name, known)
  }
  if (unknown.size) {
    if (names.size + unknown.size > MOST_NAMES) names.clear()
    for (const [name, read] of await readNames(ctx, memory, [...unknown])) {
      names.set(keyOf(ctx, name), read)
      recalled.set(name, read)
    }
  }
  return (name, time) => {
    const known = recalled.get(name)
    return known && findAt(known, time)
  }
}
