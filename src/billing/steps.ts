import type { DueStep } from '../access/due/service.ts'
import type { JobWorkers } from '../access/jobs/service.ts'
import { loadLater } from '../lib/load.ts'

const featureCredits = loadLater(() => import('./feature_credits/service.ts'))
const credits = loadLater(() => import('./credits/service.ts'))
const invoices = loadLater(() => import('./invoices/service.ts'))
const purchases = loadLater(() => import('./purchases/service.ts'))
const revenue = loadLater(() => import('./revenue/service.ts'))

/**
 * The scheduled steps of billing: credits expire, invoices that people have written fall due, what was bought is done or ends, the cycles of
 * accounts are billed, what was granted is carried into the ledgers of the accounts (or, once a database was restored, read from there),
 * archived accounts leave their groups, and the invoices of a day are merged in their groups.
 */
export const billingSteps: readonly DueStep[] = [
  { kind: 'CREDIT', run: credits.expireCredit },
  { kind: 'INVOICE', run: invoices.makeInvoiceDue },
  { kind: 'PURCHASE', run: purchases.settlePurchase },
  { kind: 'PURCHASES_ARCHIVED', run: purchases.endPurchases },
  { kind: 'BILLING', run: invoices.billAccount, runTogether: invoices.billAccounts },
  { kind: 'FEATURE_CREDITS_RESTORED', run: featureCredits.restoreEntries, runTogether: featureCredits.restoreEntriesOfAccounts },
  { kind: 'FEATURE_CREDITS', run: featureCredits.carryEntries, runTogether: featureCredits.carryEntriesOfAccounts },
  { kind: 'INVOICE_GROUP_LEFT', run: invoices.leaveInvoiceGroup },
  { kind: 'INVOICE_GROUP', run: invoices.mergeInvoicesOfGroup },
]

/** The worker of jobs that let invoices of pricing cycles fall due. */
export const billingWorkers: JobWorkers = {
  BILL_RUN: { entries: 50, parts: 2, work: invoices.billDrafts },
}

/** The scheduled steps that reckon what accounts earn, when all that is due at an instant has been done. */
export const revenueSteps: readonly DueStep[] = [
  { kind: 'REVENUE_AGAIN', run: revenue.reckonAccount, runTogether: revenue.reckonAccounts },
  { kind: 'REVENUE', run: revenue.reckonAccount, runTogether: revenue.reckonAccounts },
  { kind: 'REVENUE_OF_EVENTS', run: revenue.reckonChangedAccounts },
]
