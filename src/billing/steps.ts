import type { DueStep } from '../access/due/service.ts'
import { loadLater } from '../lib/load.ts'

const invoices = loadLater(() => import('./invoices/service.ts'))
const revenue = loadLater(() => import('./revenue/service.ts'))

/** The scheduled steps of billing: invoices that people have written fall due, and the cycles of accounts are billed. */
export const billingSteps: readonly DueStep[] = [
  { kind: 'INVOICE', run: invoices.makeInvoiceDue },
  { kind: 'BILLING', run: invoices.billAccount, runTogether: invoices.billAccounts },
]

/** The scheduled steps that reckon what accounts earn, when all that is due at an instant has been done. */
export const revenueSteps: readonly DueStep[] = [
  { kind: 'REVENUE_AGAIN', run: revenue.reckonAccount, runTogether: revenue.reckonAccounts },
  { kind: 'REVENUE', run: revenue.reckonAccount, runTogether: revenue.reckonAccounts },
  { kind: 'REVENUE_OF_EVENTS', run: revenue.reckonChangedAccounts },
]
