import type { Ledgers } from '../db/context.ts'

/** The Durable Objects that the Worker exports. */
export const openLedgers = (context: { exports?: unknown }): Ledgers => {
  const { EventLedger: events, AccountLedger: accounts } = (context.exports ?? {}) as Pick<Ledgers, 'EventLedger' | 'AccountLedger'>
  return { EventLedger: events, AccountLedger: accounts, usage: { calls: 0, ms: 0 } }
}
