import { linkTo } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { TrialForm } from '../../parts/trial_form.tsx'

type Restored = Schemas['RestoreAccountResponse']

/** What an account does not get back of what it had. */
const LeftOut = ({ of: { aliasesLeftOut, invoiceGroupLeftOut, pricePlansLeftOut = [] } }: { of: Restored }) => (
  <ul>
    <li>It can have events and a price plan again.</li>
    {aliasesLeftOut.map(({ alias, accountId }) => (
      <li key={alias}>
        Not its alias <code>{alias}</code>, which the account <a href={linkTo('accounts', accountId)}>{accountId}</a> has now.
      </li>
    ))}
    {invoiceGroupLeftOut && (
      <li>
        Not its place in the invoice group <code>{invoiceGroupLeftOut}</code>, which has ended.
      </li>
    )}
    {pricePlansLeftOut.map((id) => (
      <li key={id}>
        Not its price plan <a href={linkTo('plans', id)}>{id}</a>, which ended when it was archived.
      </li>
    ))}
  </ul>
)

/** Restores an account. What it does not get back is shown first. */
export const RestoreForm = ({ accountId, close }: { accountId: string; close: () => void }) => (
  <TrialForm
    action="Restore account"
    typed={accountId}
    attempt={(isTry) =>
      read(
        api.POST('/accounts/{account_id}/restore', {
          params: { path: { account_id: accountId }, query: isTry ? { dry_run: true } : {} },
        }),
      )
    }
    shows={(restored) => <LeftOut of={restored} />}
    done={close}
    cancel={close}
  >
    <p>It gets back its status, its aliases that nobody else has taken, and its place in its invoice group, but no price plan.</p>
  </TrialForm>
)
