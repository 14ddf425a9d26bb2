import type { DatabaseSync } from 'node:sqlite'
import { BILLING_ORGANIZATION } from './torture_invoices.ts'
import { BUYER } from './torture_money_model.ts'

export interface KeptInvoice {
  id: string
  account: string
  type: string
  status: string
  plan: string | null
  startAt: number
  endAt: number
  invoiceAt: number
  total: string
  paid: string
  sequence: number | null
  key: string | null
  rated: string
  /** The units of the meter that it was reckoned with, by the ids of meters, as JSON. Null where it was not reckoned, or not for the last time. */
  usage: string | null
}

export interface KeptPayment {
  id: string
  account: string
  source: string
  number: string
  total: string
}

export interface KeptPart {
  payment: string
  type: string
  target: string
  amount: string
}

export interface KeptWallet {
  id: string
  account: string
  balance: string
}

export interface KeptEntry {
  id: string
  wallet: string
  amount: string
  closing: string
  description: string
  entity: string | null
}

export interface KeptCredit {
  id: string
  account: string
  status: string
  amount: string
  consumed: string
  key: string | null
  source: string | null
}

export interface KeptTransaction {
  credit: string
  type: string
  amount: string
  invoice: string | null
}

/** What became less of what was paid in advance: an amount below 0, and how it is given back. */
export interface KeptRefund {
  account: string
  mode: string
  amount: string
}

const of = `organization_id = '${BILLING_ORGANIZATION}'`

/** All that the organization of billing has of money. */
export const readMoney = (database: DatabaseSync) => {
  const all = <Row>(query: string): Row[] => database.prepare(query).all() as Row[]
  return {
    invoices: all<KeptInvoice>(
      `SELECT id, account_id AS account, invoice_type AS type, status, price_plan_id AS plan, start_at AS startAt, end_at AS endAt, invoice_at AS invoiceAt,
        total, paid, sequence, idempotency_key AS key, rated, basis -> '$.usage' AS usage
       FROM invoices WHERE ${of} AND status <> 'GONE' ORDER BY account_id, start_at`,
    ),
    payments: all<KeptPayment>(
      `SELECT id, owner_id AS account, source_name AS source, transaction_number AS number, total FROM payments WHERE ${of}`,
    ),
    parts: all<KeptPart>(
      `SELECT payment_id AS payment, type, target_id AS target, amount FROM payment_lines WHERE ${of} ORDER BY payment_id, position`,
    ),
    wallets: all<KeptWallet>(`SELECT id, account_id AS account, balance FROM wallets WHERE ${of}`),
    entries: all<KeptEntry>(
      `SELECT id, wallet_id AS wallet, amount, closing_balance AS closing, coalesce(description, '') AS description, entity_id AS entity
       FROM wallet_entries WHERE ${of} ORDER BY wallet_id, version`,
    ),
    credits: all<KeptCredit>(
      `SELECT id, account_id AS account, status, amount, consumed, idempotency_key AS key, source FROM credits WHERE ${of}`,
    ),
    transactions: all<KeptTransaction>(
      `SELECT credit_id AS credit, transaction_type AS type, amount, invoice_id AS invoice FROM credit_transactions WHERE ${of}`,
    ),
    refunds: all<KeptRefund>(
      `SELECT account_id AS account, refund_mode AS mode, amount FROM advance_charges WHERE ${of} AND refund_mode IN ('WALLET', 'CREDITS')`,
    ),
    licenses: all<{ mark: string }>(
      `SELECT account_id || ' ' || idempotency_key || ' ' || quantity AS mark FROM license_updates WHERE ${of}`,
    ).map(({ mark }) => mark),
    /** The statuses that invoices were given by requests, of those that give nothing to be due. */
    statuses: all<{ mark: string }>(
      `SELECT resource_id || ' ' || (changes ->> '$.status[1]') AS mark FROM audit_log
       WHERE ${of} AND resource_type = 'INVOICE' AND operation_id LIKE 'update%'
        AND changes ->> '$.status[1]' IN ('VOID', 'UN_COLLECTIBLE', 'REFUND_INITIATED')
        AND resource_id IN (SELECT id FROM invoices WHERE ${of} AND account_id LIKE '${BUYER}%')`,
    ).map(({ mark }) => mark),
    /** The invoices that have been PAID, whatever they are now. */
    everPaid: new Set(
      all<{ id: string }>(
        `SELECT resource_id AS id FROM audit_log WHERE ${of} AND resource_type = 'INVOICE' AND changes ->> '$.status[1]' = 'PAID'`,
      ).map(({ id }) => id),
    ),
    /** The plan that an account has without an end, by its account. */
    plans: new Map(
      all<{ account: string; plan: string }>(
        `SELECT account_id AS account, price_plan_id AS plan FROM schedules WHERE ${of} AND state = 'ACTIVE' AND end_at > 253000000000000`,
      ).map(({ account, plan }) => [account, plan]),
    ),
    /** The keys under which answers are kept. */
    keys: new Set(all<{ key: string }>(`SELECT key FROM idempotency_keys WHERE ${of}`).map(({ key }) => key)),
    due: all(`SELECT 1 FROM due WHERE ${of} AND kind = 'BILLING' AND subject LIKE '${BUYER}%'`).length,
  }
}
export type Money = ReturnType<typeof readMoney>
