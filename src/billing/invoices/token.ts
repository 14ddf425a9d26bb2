import { tokenByCreation } from '../../lib/page_token.ts'
import { STATUSES } from './table.ts'

/** Tokens of the lists of invoices. */
export const invoiceToken = tokenByCreation(
  'inv.',
  ['owner_id', 'customer_id', 'status', 'start_time', 'end_time', 'due_start_time', 'due_end_time'],
  { status: STATUSES },
)
