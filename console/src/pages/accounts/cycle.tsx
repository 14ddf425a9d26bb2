import { linkTo, useParameters } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { money, quantity } from '../../parts/format.ts'
import { InvoiceTree } from '../../parts/invoice_lines.tsx'
import { currencyOf, invoiceTypeOf } from '../../parts/invoice_table.tsx'
import { Empty, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { Day, Days } from '../../parts/time.tsx'

type Preview = Schemas['InvoicePreview']

/** Milliseconds between two readings of the present cycle, which goes on. */
const PERIOD = 60_000

const Previewed = ({ preview }: { preview: Preview }) => {
  const currency = currencyOf(preview)
  return (
    <article class="card">
      <header>
        <h3>
          {invoiceTypeOf(preview.invoiceType)} · <Days from={preview.startDate} until={preview.endDate} />
        </h3>
        <strong>{money(preview.totalAmount, currency)}</strong>
      </header>
      <p class="muted">
        Falls due on <Day at={preview.invoiceDate} />, to be paid by <Day at={preview.dueDate} />
      </p>
      {preview.usageInfo.length > 0 && (
        <dl class="figures small">
          {preview.usageInfo.map(({ id, description, value }) => (
            <div class="figure" key={id}>
              <dt>{description}</dt>
              <dd>{id?.startsWith('um.') ? <a href={linkTo('meters', id)}>{quantity(value)}</a> : quantity(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      <details>
        <summary>Lines</summary>
        <InvoiceTree root={preview.revenueInfo} currency={currency} />
      </details>
    </article>
  )
}

/** Usage and cost of a pricing cycle, as its invoices would be if nothing came any more. The cycle is in the address. */
export const CycleToDate = ({ accountId, today }: { accountId: string; today: string }) => {
  const { get, set } = useParameters()
  const day = get('at')
  const query = day ? { at: `${day}T00:00:00Z` } : {}
  const reading = useRead(
    `preview ${accountId} ${day ?? ''}`,
    () => read(api.GET('/accounts/{account_id}/invoice_preview', { params: { path: { account_id: accountId }, query } })),
    day ? undefined : PERIOD,
  )
  return (
    <Section
      title={day ? 'Cycle of another day' : 'Cycle to date'}
      id="cycle"
      actions={
        <label class="inline">
          <span class="muted">Cycle of</span>
          <input type="date" value={day ?? today} onChange={(event) => set({ at: event.currentTarget.value })} />
        </label>
      }
    >
      <Shown reading={reading}>
        {({ data }) => (
          <div class="stack">
            {data.map((preview) => (
              <Previewed key={preview.invoiceType} preview={preview} />
            ))}
            {!data.length && <Empty title="Nothing is billed for this cycle." />}
          </div>
        )}
      </Shown>
    </Section>
  )
}
