import { accessConflicts } from './access/conflicts.ts'
import { alertConflicts } from './alerts/conflicts.ts'
import { catalogueConflicts } from './catalogue/conflicts.ts'
import { customerConflicts } from './customers/conflicts.ts'
import { billingConflicts } from './billing/conflicts.ts'
import { entitlementConflicts } from './entitlements/conflicts.ts'
import type { ConflictWords } from './db/conflicts.ts'
import { erasureConflicts } from './erasure/conflicts.ts'
import { reportConflicts } from './reports/conflicts.ts'
import { meteringConflicts } from './metering/conflicts.ts'
import { webhookConflicts } from './webhooks/conflicts.ts'

/** The messages of all conflicts that the database raises, by code. */
export const conflicts: ConflictWords = {
  ...accessConflicts,
  ...customerConflicts,
  ...meteringConflicts,
  ...catalogueConflicts,
  ...billingConflicts,
  ...entitlementConflicts,
  ...alertConflicts,
  ...reportConflicts,
  ...webhookConflicts,
  ...erasureConflicts,
}
