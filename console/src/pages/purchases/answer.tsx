import { type Schemas, api, read, tagOf } from '../../parts/client.ts'
import { DialogButton } from '../../parts/form.tsx'
import { money } from '../../parts/format.ts'
import { AskButton } from '../../parts/status_button.tsx'
import { TrialForm } from '../../parts/trial_form.tsx'

type Proposal = Schemas['GetProposalResponse']

const answer = (proposal: Proposal, status: 'APPROVE' | 'DECLINE', isTry = false) =>
  read(
    api.POST('/purchase_proposals/{purchase_proposal_id}/update_status', {
      params: {
        path: { purchase_proposal_id: proposal.id },
        query: isTry ? { dry_run: true } : {},
        header: { 'If-Match': tagOf(proposal) },
      },
      body: { status },
    }),
  )

/** Approves a proposal, once it was shown what that does, or declines it. */
export const AnswerButtons = ({ proposal }: { proposal: Proposal }) => {
  const { paymentMode, price = 0, invoiceCurrency, type } = proposal
  const does =
    paymentMode === 'PREPAID'
      ? `An order of ${money(price, invoiceCurrency)} falls due. It is done when that has been paid.`
      : type === 'ASSOCIATION'
        ? 'The price plan is put in force, and billed with its cycles.'
        : `It is done at once, and an invoice of ${money(price, invoiceCurrency)} falls due.`
  return (
    <>
      <DialogButton label="Approve" title="Approve the proposal" tone="primary">
        {(close) => (
          <TrialForm
            action="Approve it"
            typed="APPROVE"
            attempt={(isTry) => answer(proposal, 'APPROVE', isTry)}
            shows={() => <p>{does}</p>}
            done={close}
            cancel={close}
          >
            <p>A proposal is answered once.</p>
          </TrialForm>
        )}
      </DialogButton>
      <AskButton label="Decline" title="Decline the proposal?" action="Decline it" send={() => answer(proposal, 'DECLINE')} isDangerous>
        Nothing is billed or granted. A proposal is answered once.
      </AskButton>
    </>
  )
}

/** Ends a purchase that has not been paid, by its order. */
export const CancelButton = ({ invoiceId }: { invoiceId: string }) => (
  <AskButton
    label="Cancel the order"
    title="Cancel the order?"
    send={() => read(api.PATCH('/invoices/{invoice_id}', { params: { path: { invoice_id: invoiceId } }, body: { status: 'VOID' } }))}
    isDangerous
  >
    The order becomes void, and the purchase fails. An order that was paid in part cannot be cancelled.
  </AskButton>
)
