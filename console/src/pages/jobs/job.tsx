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
  /** The API counts all entries of a job that was rejected as completed. */
  const isRejected = job.status === 'CANCELLED'
  const done = completedJobEntries + failedJobEntries
  return (
    <>
      {isRejected ? (
        <p class="notice">The job was rejected. Nothing was done.</p>
      ) : (
        <progress class="progress" value={done} max={Math.max(1, totalJobEntries)} aria-label={`${done} of ${totalJobEntries} are done`} />
      )}
      <Facts
        of={[
          ['In all', quantity(totalJobEntries)],
          ['Done', !isRejected && quantity(completedJobEntries)],
          ['Failed', failedJobEntries > 0 ? <strong>{quantity(failedJobEntries)}</strong> : '0'],
          ['To do', !isRejected && quantity(pendingJobEntries)],
          ['Changed', <Time at={job.updatedAt} />],
          ['Over since', job.settledAt && <Time at={job.settledAt} />],
        ]}
      />
    </>
  )
}

/** The pages of what the entries of jobs are about. */
const ENTITY_PAGES: Readonly<Record<Job['type'], string>> = { PRICE_PLAN: 'accounts', EVENT_CORRECTIONS: 'events', BILL_RUN: 'invoices' }

const Entries = ({ job }: { job: Job }) => {
  const { id, type } = job
  const { get } = useParameters()
  const query = { nextToken: get('page'), pageSize: 50 }
  const path = { job_id: id }
  const isOver = OVER.has(job.status)
  /** What was read before the job was over is not what came of it. */
  const reading = useRead(
    `entries ${id} ${isOver} ${query.nextToken ?? ''}`,
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
            linkOf={({ entityId }) => linkTo(ENTITY_PAGES[type], entityId)}
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
              <Entries job={shown} />
            </Section>
          </>
        )}
      </Shown>
    </Page>
  )
}
