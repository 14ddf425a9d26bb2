/*
 * Erasure owns which customers have been erased, and how far that has come.
 * It changes what every domain before it keeps of a customer, and nothing that counts; nobody calls it but people.
 * Never wrong: what an invoice that was issued says, and what usage and revenue add up to.
 */
import type { ConflictWords } from '../db/conflicts.ts'

/** The messages of the conflicts that the triggers of erasures raise. */
export const erasureConflicts: ConflictWords = {
  CUSTOMER_ERASED: { say: (id) => `The customer "${id}" was erased, and cannot be restored` },
  ERASED_CUSTOMER_NOT_ARCHIVED: { say: (id) => `The customer "${id}" is not archived. Archive its accounts and then the customer first` },
  ERASED_CUSTOMER_IS_BILLED: {
    say: (id, account) =>
      `The account "${account}" of the customer "${id}" will still be invoiced. Erase the customer after its last invoice`,
  },
  ERASED_CUSTOMER_OWES: {
    say: (id, invoice, status) =>
      `The invoice "${invoice}" of the customer "${id}" is ${status}. Erase the customer when it is PAID, VOID or UN_COLLECTIBLE`,
  },
  ERASED_CUSTOMER_BUYS: {
    say: (id, purchase) => `The purchase "${purchase}" of the customer "${id}" is not settled. Erase the customer when it is`,
  },
}
