import type { DueStep } from '../access/due/service.ts'
import { loadLater } from '../lib/load.ts'

const invoices = loadLater(() => import('./invoices/service.ts'))

/** The scheduled steps of billing: invoices fall due. */
export const billingSteps: readonly DueStep[] = [{ kind: 'INVOICE', run: invoices.makeInvoiceDue }]
