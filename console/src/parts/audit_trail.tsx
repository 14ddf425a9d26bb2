import { linkTo } from './address.ts'
import { type Schemas, api, read } from './client.ts'
import { wordsOf } from './format.ts'
import { Empty, Shown } from './page.tsx'
import { useRead } from './read.ts'
import { Time } from './time.tsx'

type Entry = Schemas['AuditLogEntry']

const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** createPricePlan as Create price plan. */
export const operationWords = (operationId: string): string => wordsOf(operationId.replaceAll(/([a-z])([A-Z0-9])/g, '$1_$2'))

const LONGEST = 140

/** A value. A long one is cut, and shown as a whole when it is opened. */
const Value = ({ of }: { of: unknown }) => {
  const text = textOf(of)
  if (text.length <= LONGEST) return <>{text}</>
  return (
    <details class="long">
      <summary>{text.slice(0, LONGEST)}…</summary>
      <pre tabIndex={0}>{JSON.stringify(of, null, 2)}</pre>
    </details>
  )
}

export const Changes = ({ of }: { of: Entry['changes'] }) => (
  <dl class="changes">
    {Object.entries(of).map(([field, { old, new: after }]) => (
      <div key={field}>
        <dt>{field}</dt>
        <dd>
          {old !== null && (
            <del>
              <Value of={old} />
            </del>
          )}{' '}
          {after !== null && (
            <ins>
              <Value of={after} />
            </ins>
          )}
        </dd>
      </div>
    ))}
  </dl>
)

/** What was changed of a resource, by which token, the newest first. Older changes are in the audit log. */
export const AuditTrail = ({ type, id }: { type: Entry['resourceType']; id: string }) => {
  const query = { resource_type: type, resource_id: id, pageSize: 20 }
  const reading = useRead(`audit ${type} ${id}`, () => read(api.GET('/audit_log', { params: { query } })))
  return (
    <Shown reading={reading}>
      {({ data, nextToken }) =>
        data.length ? (
          <>
            <ol class="trail">
              {data.map((entry) => (
                <li key={entry.sequence}>
                  <p>
                    <strong>{operationWords(entry.operationId)}</strong>{' '}
                    <span class="muted">
                      <Time at={entry.at} /> by {entry.tokenId}
                    </span>
                  </p>
                  <Changes of={entry.changes} />
                </li>
              ))}
            </ol>
            {nextToken && (
              <p class="muted below">
                These are the newest {data.length}. <a href={linkTo('audit', { type, id })}>All of them</a> are in the audit log.
              </p>
            )}
          </>
        ) : (
          <Empty title="Nothing has been changed." />
        )
      }
    </Shown>
  )
}
