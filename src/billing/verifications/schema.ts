import * as z from 'zod/mini'
import { described, identifier, named } from '../../lib/fields.ts'
import { ledgerPage, ledgerPageQuery } from '../../lib/page.ts'
import { InvoicesStatus, InvoicesType } from '../invoices/schema.ts'

const InvoiceVerification = named(
  'InvoiceVerification',
  z.strictObject({
    invoiceId: z.string(),
    sequenceId: z.optional(z.string()),
    ownerId: z.string(),
    invoiceType: InvoicesType,
    status: InvoicesStatus,
    totalAmount: z.number(),
    isReckoned: described(
      'Whether it kept what it was reckoned with, so that it could be reckoned again. Invoices of what was bought keep their lines only.',
      z.boolean(),
    ),
    differences: described('What is not as it was when the invoice fell due. Empty if everything is.', z.array(z.string())),
  }),
)
export type InvoiceVerification = z.infer<typeof InvoiceVerification>

export const VerifyInvoicesResponse = named('VerifyInvoicesResponse', ledgerPage(InvoiceVerification))
export type VerifyInvoicesResponse = z.infer<typeof VerifyInvoicesResponse>

export const VerifyInvoicesQuery = ledgerPageQuery(
  { owner_id: z.optional(described('Verifies the invoices of one account or invoice group.', identifier())) },
  false,
)
export type VerifyInvoicesQuery = z.infer<typeof VerifyInvoicesQuery>
