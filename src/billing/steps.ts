import type { DueStep } from '../access/due/service.ts'
import type { JobWorkers } from '../access/jobs/service.ts'
import { loadLater } from '../lib/load.ts'

const invoices = loadLater(() => import('./invoices/service.ts'))

/** The scheduled steps of billing: invoices that people have written fall due, and the cycles of accounts are billed. */
export const billingSteps: readonly DueStep[] = [
  { kind: 'INVOICE', run: invoices.makeInvoiceDue },
  { kind: 'BILLING', run: invoices.billAccount, runTogether: invoices.billAccounts },
]

/** The worker of jobs that let invoices of pricing cycles fall due. */
export const billingWorkers: JobWorkers = {
  BILL_RUN: { entries: 50, parts: 2, work: invoices.billDrafts },
}
