import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { DialogButton } from '../../parts/form.tsx'
import { wordsOf } from '../../parts/format.ts'
import { Facts, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { Time } from '../../parts/time.tsx'
import { TrialForm } from '../../parts/trial_form.tsx'

type Counts = Schemas['Erasure']['found']

/** Milliseconds between two readings while an erasure goes on. */
const PERIOD = 4000

/** How much there is of each kind of which there is something. */
const CountsOf = ({ of }: { of: Counts }) => (
  <ul>
    {Object.entries(of)
      .filter(([, count]) => count > 0)
      .map(([kind, count]) => (
        <li key={kind}>
          {wordsOf(kind)}: {count}
        </li>
      ))}
  </ul>
)

export const EraseButton = ({ customer: { id, name } }: { customer: Pick<Schemas['Customer'], 'id' | 'name'> }) => (
  <DialogButton label="Erase personal data" title={`Erase what is known about ${name}`}>
    {(close) => (
      <TrialForm
        action="Erase for ever"
        typed={id}
        attempt={(isTry) =>
          read(api.POST('/customers/{customer_id}/erase', { params: { path: { customer_id: id }, query: isTry ? { dry_run: true } : {} } }))
        }
        shows={({ found }) => <CountsOf of={found} />}
        done={close}
        cancel={close}
        isDangerous
      >
        <p>
          Names, addresses, contacts, aliases, and what events, settings, files and the audit log say about people are erased everywhere.
          Quantities, amounts and invoices that were issued stay. This cannot be undone, and the customer cannot be restored.
        </p>
      </TrialForm>
    )}
  </DialogButton>
)

/** How far the erasure of a customer has come, if it was asked for. */
export const ErasureOf = ({ customerId }: { customerId: string }) => {
  const reading = useRead(
    `erasure of ${customerId}`,
    () => read(api.GET('/erasures', { params: { query: { customer_id: customerId, pageSize: 1 } } })),
    (known) => (known?.data[0]?.status === 'IN_PROGRESS' ? PERIOD : undefined),
  )
  if (!reading.failure && !reading.data?.data.length) return undefined
  return (
    <Section title="Erasure of personal data">
      <Shown reading={reading}>
        {({ data: [erasure] }) =>
          erasure && (
            <Facts
              of={[
                ['Status', <Badge of={erasure.status} />],
                ['Asked for', <Time at={erasure.startedAt} />],
                ['Ended', erasure.completedAt && <Time at={erasure.completedAt} />],
                ['Erased so far', <CountsOf of={erasure.erased} />],
              ]}
            />
          )
        }
      </Shown>
    </Section>
  )
}
