import type { KindedGeneration } from '../../ledger/client.ts'
import type { AlertRow, Seen } from '../alerts/table.ts'
import type { Template } from '../alert_templates/templates.ts'

/** An alert that is checked as of an instant (milliseconds). */
export interface CheckedAlert {
  row: AlertRow
  template: Template
  at: number
}

/** What a check finds. Numbers are decimal texts, and instants milliseconds. */
export interface Finding {
  /** What is observed. Undefined where there is nothing to observe, such as credits of an account that has had none. */
  value: string | undefined
  currency?: string | undefined
  /** The time that it is about. */
  from?: number | undefined
  until?: number | undefined
  /** When an incident of usage ends. */
  cycleEnd?: number | undefined
  /** When something else is found, though nothing but time goes on. */
  changesAt?: number | undefined
  seen?: Seen | undefined
  invoiceIds?: readonly string[] | undefined
  leftOut?: readonly string[] | undefined
}

/** An account that is observed. */
export interface ObservedAccount {
  id: string
  /** When it was made, in milliseconds, by which its ledger is found. */
  createdAt: number
  currency: string
  isArchived: boolean
}

/** An account, and the usage meter or the feature that is watched, if it is one of these. */
export interface AskedAccount {
  account: ObservedAccount
  entityId: string
}

/** What is needed to observe. */
export interface Observing {
  generations: readonly KindedGeneration[]
  at: number
}
