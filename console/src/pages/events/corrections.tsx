import { EventBadge } from '../../parts/badge.tsx'
import { type Schemas, api, read } from '../../parts/client.ts'
import { wordsOf } from '../../parts/format.ts'
import { Empty } from '../../parts/page.tsx'
import { Table } from '../../parts/table.tsx'

export type Action = 'UNDO' | 'REDO'

export const ACTIONS = [
  ['REDO', 'Process again, with the schemas, meters and aliases of now'],
  ['UNDO', 'Revert: as if it had not been sent'],
] as const

type Corrected = Schemas['EventCorrectionInfo']

export interface Selection {
  action: Action
  account_id: string
  id?: string
  event_source_time?: string
}

/** Corrects events, or only says what that would do. */
export const correct = async (query: Selection, isTry: boolean): Promise<Corrected[]> => {
  const asked = { ...query, ...(isTry && { dry_run: true }) }
  return (await read(api.POST('/events/correction', { params: { query: asked }, body: {} }))).data
}

/** What a correction does, or would do, to each event. */
export const Corrected = ({ of }: { of: readonly Corrected[] }) => (
  <Table
    label="What changes"
    rows={of}
    keyOf={({ referenceId }) => referenceId}
    empty={<Empty title="No event matches." />}
    columns={[
      { title: 'Event', cell: ({ eventPayload, referenceId }) => <code>{eventPayload.id ?? referenceId}</code> },
      { title: 'Becomes', cell: ({ status }) => wordsOf(status) },
      { title: 'Status then', cell: ({ ingestionStatus }) => <EventBadge status={ingestionStatus.status} /> },
      { title: 'Why', cell: ({ reason }) => reason, isMinor: true },
    ]}
  />
)
