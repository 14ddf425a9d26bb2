import type { Ctx } from '../../db/context.ts'
import type { Observed } from '../alert_templates/templates.ts'
import { MEASURES, readAccounts } from './accounts.ts'
import { findEvents } from './events.ts'
import type { CheckedAlert, Finding, Observing } from './finding.ts'
import { findInvoicesDue, findInvoicesOverdue } from './invoices.ts'

type Found = Map<string, Finding>

/** Whether a check goes through all accounts, some at a time. */
export const isOfAllAccounts = ({ row, template }: Pick<CheckedAlert, 'row' | 'template'>): boolean =>
  row.accountId === null && template.observed in MEASURES

/** Observes the accounts of alerts that look at the same. */
const observeAccounts = async (
  ctx: Ctx,
  observing: Observing,
  observed: Observed,
  checked: readonly CheckedAlert[],
): Promise<Finding[]> => {
  const accounts = await readAccounts(
    ctx,
    checked.flatMap(({ row: { accountId } }) => accountId ?? []),
  )
  const asked = checked.map(({ row: { accountId, entityId } }) => {
    const account = accounts.get(accountId ?? '')
    if (!account) throw new Error(`The account of an alert does not exist`)
    return { account, entityId: entityId ?? '' }
  })
  const found = await MEASURES[observed]?.(ctx, observing, asked)
  return checked.map((_, index): Finding => found?.[index] ?? { value: undefined })
}

const observeSame = (ctx: Ctx, observing: Observing, observed: Observed, checked: readonly CheckedAlert[]): Promise<Finding[]> => {
  if (observed === 'UNPROCESSED_EVENTS') return findEvents(ctx, observing.generations, checked)
  if (observed === 'INVOICES_DUE') return findInvoicesDue(ctx, checked)
  if (observed === 'INVOICES_OVERDUE') return findInvoicesOverdue(ctx, checked)
  return observeAccounts(ctx, observing, observed, checked)
}

/** Observes what alerts look at that do not go through all accounts, by the ids of the alerts. Alerts that look at the same are observed together. */
export const observeTogether = async (ctx: Ctx, observing: Observing, checked: readonly CheckedAlert[]): Promise<Found> => {
  const found: Found = new Map()
  await Promise.all(
    Array.from(
      Map.groupBy(checked, ({ template }) => template.observed),
      async ([observed, its]) => {
        const findings = await observeSame(ctx, observing, observed, its)
        for (const [index, { row }] of its.entries()) found.set(row.id, findings[index] ?? { value: undefined })
      },
    ),
  )
  return found
}
