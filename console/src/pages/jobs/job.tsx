import { linkTo, useParameters } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { DialogButton, Form, useAttempt } from '../../parts/form.tsx'
import { quantity } from '../../parts/format.ts'
import { Empty, Facts, Page, Refusal, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Pager, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import type { Names } from '../../routes.ts'
import { JOB_TYPES } from './list.tsx'

type Job = Schemas['GetJobResponse']

const PERIOD = 1500
const OVER = new Set(['COMPLETED', 'FAILED', 'CANCELLED'])

const Progress = ({ job }: { job: Job }) => {
  const { totalJobEntries, completedJobEntries, failedJobEntries, pendingJobEntries } = job
  const done = completedJobEntries + failedJobEntries
  return (
    <>
      <progress class="progress" value={done} max={Math.max(1, totalJobEntries)} aria-label={`${done} of ${totalJobEntries} are done`} />
      <Facts
        of={[
          ['In all', quantity(totalJobEntries)],
          ['Done', quantity(completedJobEntries)],
          ['Failed', failedJobEntries > 0 ? <strong>{quantity(failedJobEntries)}</strong> : '0'],
          ['To do', quantity(pendingJobEntries)],
          ['Changed', <Time at={job.updatedAt} />],
          ['Over since', job.settledAt && <Time at={job.settledAt} />],
        ]}
      />
    </>
  )
}

/** The page of what an entry is about, by what its id begins with. */
const entityLink = (id: string): string | undefined => {
  if (id.startsWith('inv.')) return linkTo('invoices', id)
  return id.startsWith('event.') ? linkTo('events', id) : undefined
}

const Entries = ({ id, isOver }: { id: string; isOver: boolean }) => {
  const { get } = useParameters()
  const query = { nextToken: get('page'), pageSize: 50 }
  const path = { job_id: id }
  const reading = useRead(
    `entries ${id} ${query.nextToken ?? ''}`,
    () => read(api.GET('/jobs/{job_id}/entries', { params: { path, query } })),
    isOver ? undefined : PERIOD,
  )
  return (
    <Shown reading={reading}>
      {({ data, nextToken }) => (
        <>
          <Table
            label="Entries"
            rows={data}
            keyOf={({ entityId }) => entityId}
            linkOf={({ entityId }) => entityLink(entityId)}
            empty={<Empty title="The job has no entries." />}
            columns={[
              { title: 'About', cell: ({ entityId }) => <code>{entityId}</code> },
              { title: 'Status', cell: ({ status }) => <Badge of={status} /> },
              {
                title: 'More',
                cell: ({ metadata }) =>
                  Object.entries(metadata ?? {}).map(([name, value]) => (
                    <div key={name}>
                      <span class="muted">{name}</span> {value}
                    </div>
                  )),
              },
            ]}
          />
          <Pager next={nextToken} />
        </>
      )}
    </Shown>
  )
}

const Decision = ({ job }: { job: Job }) => {
  const { isBusy, failure, attempt } = useAttempt()
  const path = { job_id: job.id }
  return (
    <div class="notice warm">
      <p>This job waits until you confirm it. Nothing has been changed yet: its entries are listed below.</p>
      {failure && <Refusal failure={failure} />}
      <div class="actions">
        <button
          type="button"
          class="primary"
          disabled={isBusy}
          onClick={() => void attempt(() => read(api.POST('/jobs/{job_id}/confirm', { params: { path } })))}
        >
          Confirm
        </button>
        <DialogButton label="Reject" title="Reject this job?">
          {(close) => (
            <Form
              action="Reject"
              send={() => read(api.POST('/jobs/{job_id}/reject', { params: { path } }))}
              done={close}
              cancel={close}
              isDangerous
            >
              <p>It is never done.</p>
            </Form>
          )}
        </DialogButton>
      </div>
    </div>
  )
}

export const JobPage = ({ names: { id = '' } }: { names: Names }) => {
  const { writes } = useRights()
  const reading = useRead<Job>(
    `job ${id}`,
    () => read(api.GET('/jobs/{job_id}', { params: { path: { job_id: id } } })),
    (known) => (known && OVER.has(known.status) ? undefined : PERIOD),
  )
  const job = reading.data
  return (
    <Page
      title={JOB_TYPES[job?.type ?? ''] ?? 'Job'}
      above={
        <>
          <a href={linkTo('jobs')}>Jobs</a> · <code>{id}</code>
        </>
      }
      beside={job && <Badge of={job.status} />}
    >
      <Shown reading={reading}>
        {(shown) => (
          <>
            {writes && shown.status === 'WAITING_FOR_CONFIRMATION' && <Decision job={shown} />}
            <Progress job={shown} />
            <Section title="Entries">
              <Entries id={id} isOver={OVER.has(shown.status)} />
            </Section>
          </>
        )}
      </Shown>
    </Page>
  )
}
