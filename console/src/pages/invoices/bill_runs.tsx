import { linkTo, useParameters } from '../../parts/address.ts'
import { api, read } from '../../parts/client.ts'
import { DialogButton, Form } from '../../parts/form.tsx'
import { InvoiceTable } from '../../parts/invoice_table.tsx'
import { useOrganization } from '../../parts/organization.ts'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { startJob } from '../../parts/start_job.ts'
import { Pager } from '../../parts/table.tsx'
import { InvoiceFilters, invoiceQuery } from './list.tsx'

export const BillRuns = () => {
  const { get } = useParameters()
  const { writes } = useRights()
  const { data: organization } = useOrganization()
  const { status: _status, ...query } = invoiceQuery(get)
  const reading = useRead(`bill runs ${JSON.stringify(query)}`, () => read(api.GET('/invoices/bill_runs', { params: { query } })))
  const { nextToken: _nextToken, ...filters } = query
  return (
    <Page
      title="Bill runs"
      actions={
        writes &&
        reading.data &&
        reading.data.data.length > 0 && (
          <DialogButton label="Run" title="Let these invoices fall due?" tone="primary">
            {(close) => (
              <Form
                action="Start the bill run"
                send={() => startJob(api.POST('/invoices/bill_runs', { params: { query: filters } }))}
                done={close}
                cancel={close}
              >
                <p>
                  A job lets all invoices fall due that match the filters, the one that has waited longest first. Each is reckoned for the
                  last time, and never changes again.
                </p>
              </Form>
            )}
          </DialogButton>
        )
      }
    >
      <p class="muted lead">
        Invoices of pricing cycles that are over, and wait for you, since <code>auto_advance_invoice</code> is false.{' '}
        <a href={linkTo('jobs')}>Earlier runs</a> are among the jobs.
      </p>
      <InvoiceFilters hasStatus={false} />
      <Shown reading={reading}>
        {({ data, nextToken }) => (
          <>
            <InvoiceTable
              invoices={data}
              now={organization?.now ?? ''}
              empty={
                <Empty title="No invoice waits.">
                  Invoices fall due by themselves, unless the setting auto_advance_invoice of the organization is false.
                </Empty>
              }
            />
            <Pager next={nextToken} />
          </>
        )}
      </Shown>
    </Page>
  )
}
