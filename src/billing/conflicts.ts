/*
 * Billing owns what customers are asked to pay: invoices, and what they are reckoned with.
 * Credits, payments and metrics rest on it, and whoever pays.
 * Never wrong: the total of an invoice that fell due, and that each cycle is billed once.
 */
import type { ConflictWords } from '../db/conflicts.ts'

/** What each conflict that the triggers of billing raise says of the values raised with it. */
export const billingConflicts: ConflictWords = {
  CUSTOMER_HAS_DRAFT: {
    say: (id, account, invoice) =>
      `The account "${account}" of the customer "${id}" has an invoice that is a DRAFT, "${invoice}". It has to fall due, or be made void or deleted first`,
  },
  CYCLE_IS_BILLED: {
    say: (account, invoice, day) =>
      `What the account "${account}" has had until ${day} cannot be changed any more, since the invoice "${invoice}" of it has fallen due; ${day} is the first date that can`,
  },
  INVOICE_HAS_PAYMENT: {
    field: 'status',
    say: (invoice, payment) =>
      `the payment "${payment}" is recorded on the invoice "${invoice}", which cannot become VOID. What was paid is given back by REFUND_INITIATED and a payment below 0`,
  },
  WALLET_CURRENCY: {
    field: 'invoiceCurrency',
    say: (account, currency) => `the wallet of the account "${account}" holds ${currency}, and its currency cannot be changed`,
  },
  BUYS_IN_CURRENCY: {
    field: 'invoiceCurrency',
    say: (account, currency, purchase) =>
      `the account "${account}" buys something in ${currency}, "${purchase}", which has to be paid or end before its currency can be changed`,
  },
  PAID_BY_GROUP: {
    field: 'status',
    say: (account, group) => `the account "${account}" is in the invoice group "${group}", which pays for it in one invoice a day`,
  },
}
