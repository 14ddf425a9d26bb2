import { useEffect, useRef, useState } from 'preact/hooks'
import { linkTo } from '../../parts/address.ts'
import { api, read } from '../../parts/client.ts'
import { CheckField, TextArea, UNCHANGED, useAttempt } from '../../parts/form.tsx'
import { Empty, Page, Refusal, Section } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { readAll } from '../../parts/read_all.ts'
import { useRights } from '../../parts/session.ts'
import { RowTable } from './row_table.tsx'
import { COLUMNS, type File, type Row, readFile } from './rows.ts'
import { type Outcome, checkRows, sendRows } from './send.ts'

const EXAMPLE = `customer_id,customer_name,account_id,account_name,email,currency,price_plan,plan_from
tidewater,Tidewater Boats,tidewater,Tidewater Boats,accounts@tidewater.example,USD,Starter,2026-12-01`

const readPlans = () =>
  readAll((nextToken) => read(api.GET('/price_plans', { params: { query: { status: 'ACTIVE', nextToken, pageSize: 100 } } })))

type Outcomes = ReadonlyMap<number, Outcome>

const Progress = ({ words, note, done, of, stop }: { words: string; note?: string; done: number; of: number; stop: () => void }) => (
  <div role="status" aria-live="polite">
    <p>
      {words}: {done} of {of} rows{note && <span class="muted">. {note}</span>}
    </p>
    <progress class="progress" value={done} max={of} aria-label={words} />
    <button type="button" onClick={stop}>
      Stop
    </button>
  </div>
)

/** Makes customers and accounts of the rows of a file: each is tried first, and what is made is made once, however often it is run. */
const ImportForm = () => {
  const plans = useRead('active plans', readPlans)
  const [text, setText] = useState('')
  const [file, setFile] = useState<File>()
  const [outcomes, setOutcomes] = useState<Outcomes>(new Map())
  const [phase, setPhase] = useState<'CHECKING' | 'CHECKED' | 'IMPORTING' | 'STOPPED' | 'DONE'>()
  const [leavesOut, setLeavesOut] = useState(false)
  const [done, setDone] = useState(0)
  const { failure, attempt } = useAttempt()
  /** How often another text was typed, and how often work was begun or stopped. */
  const [texts, runs] = [useRef(0), useRef(0)]
  const stopWork = (): void => {
    runs.current++
    setPhase(phase === 'IMPORTING' ? 'STOPPED' : undefined)
  }
  const changeText = (next: string): void => {
    texts.current++
    runs.current++
    setText(next)
    setFile(undefined)
    setPhase(undefined)
    setOutcomes(new Map())
  }
  useEffect(
    () => () => {
      texts.current++
      runs.current++
    },
    [],
  )
  const doWork = async (rows: readonly Row[], during: 'CHECKING' | 'IMPORTING', work: typeof checkRows): Promise<void> => {
    const [ofText, mine] = [texts.current, ++runs.current]
    const isOver = (): boolean => runs.current !== mine
    setPhase(during)
    setDone(0)
    const isDone = await attempt(async () => {
      await work(
        rows,
        (line, outcome) => {
          /** Rows that were under way when it was stopped have come to something too. */
          if (texts.current !== ofText) return
          setOutcomes((before) => new Map([...before, [line, outcome]]))
          if (!isOver()) setDone((count) => count + 1)
        },
        isOver,
      )
      return during === 'CHECKING' ? UNCHANGED : undefined
    })
    if (isOver()) return
    const end = during === 'CHECKING' ? 'CHECKED' : 'DONE'
    setPhase(isDone ? end : during === 'IMPORTING' ? 'STOPPED' : undefined)
  }
  const readText = async (chosen: Blob): Promise<unknown> => {
    changeText(await chosen.text())
    return UNCHANGED
  }
  const checkText = (): void => {
    const made = readFile(text, plans.data ?? [])
    setFile(made)
    setOutcomes(new Map())
    if (!made.fault) void doWork(made.rows, 'CHECKING', checkRows)
  }
  const rows = file?.rows ?? []
  const isWrong = ({ line }: Row): boolean => outcomes.get(line)?.state === 'WRONG'
  const [wrong, right] = [rows.filter(isWrong), rows.filter((row) => !isWrong(row))]
  const refused = rows.filter(({ line }) => outcomes.get(line)?.state === 'REFUSED')
  return (
    <>
      <fieldset class="card form" aria-label="What is imported" disabled={phase === 'IMPORTING'}>
        <TextArea
          label="Rows"
          value={text}
          set={changeText}
          rows={8}
          hint="The first line names the columns. Several aliases or tags stand in one field, with | between them."
        />
        <label class="field">
          <span>Or a file</span>
          <input
            type="file"
            accept=".csv,text/csv,text/plain"
            onClick={(event) => {
              /** A file that was mended can be chosen again. */
              event.currentTarget.value = ''
            }}
            onChange={(event) => {
              const [chosen] = event.currentTarget.files ?? []
              if (chosen) void attempt(() => readText(chosen))
            }}
          />
        </label>
        <details class="values">
          <summary>The columns</summary>
          <p>
            {COLUMNS.join(', ')}. Those of the customer, of the account and its name must be there. A row with customer_name makes the
            customer; rows without it are accounts of one that is there. price_plan is the name or the id of a published plan, and holds
            from plan_from.
          </p>
          <pre tabIndex={0}>{EXAMPLE}</pre>
        </details>
        <div class="form-actions">
          <button type="button" class={phase ? '' : 'primary'} disabled={!text.trim() || !plans.data} onClick={checkText}>
            Check the rows
          </button>
        </div>
        {file?.fault && (
          <p class="notice warm" role="alert">
            {file.fault}
          </p>
        )}
        {plans.failure && <Refusal failure={plans.failure} retry={plans.reload} />}
        {failure && <Refusal failure={failure} />}
      </fieldset>
      {rows.length > 0 && (
        <Section title="Rows of the file">
          {phase === 'CHECKING' && <Progress words="Trying" done={done} of={rows.length} stop={stopWork} />}
          {phase === 'IMPORTING' && (
            <Progress words="Importing" note="It stops if you leave this page." done={done} of={right.length} stop={stopWork} />
          )}
          {phase === 'STOPPED' && (
            <p class="notice warm" role="status">
              It was stopped. What is made stays. Check the rows to go on: nothing is made twice.
            </p>
          )}
          {phase === 'CHECKED' && (
            <div class={`notice ${wrong.length ? 'warm' : ''}`} role="status">
              <p>
                {wrong.length
                  ? `${wrong.length} of ${rows.length} rows ${wrong.length === 1 ? 'is' : 'are'} wrong. Nothing has been made yet.`
                  : `All ${rows.length} rows are right. Nothing has been made yet.`}
              </p>
              {wrong.length > 0 && right.length > 0 && (
                <CheckField label="Leave out the rows that are wrong" value={leavesOut} set={setLeavesOut} />
              )}
              <div class="actions">
                <button
                  type="button"
                  class="primary"
                  disabled={!right.length || (wrong.length > 0 && !leavesOut)}
                  onClick={() => void doWork(right, 'IMPORTING', sendRows)}
                >
                  Import {right.length} {right.length === 1 ? 'row' : 'rows'}
                </button>
              </div>
            </div>
          )}
          {phase === 'DONE' && (
            <p class={`notice ${refused.length ? 'warm' : ''}`} role="status">
              {right.length - refused.length === 1 ? '1 row is made' : `${right.length - refused.length} rows are made`}
              {refused.length > 0 &&
                `, and ${refused.length} ${refused.length === 1 ? 'was' : 'were'} refused. Mend them, and run the file again: what is made is not made twice`}
              .
            </p>
          )}
          <RowTable rows={rows} outcomes={outcomes} />
        </Section>
      )}
    </>
  )
}

export const ImportPage = () => {
  const { writes } = useRights()
  return (
    <Page title="Import" above={<a href={linkTo('customers')}>Customers</a>}>
      <p class="muted lead">
        Customers, accounts, their aliases and price plans, from a CSV file. Each row is tried before anything is made, but for what its
        account has to be there for: whether its price plan can be put in force on these days.
      </p>
      {writes ? (
        <ImportForm />
      ) : (
        <Empty title="Your token can only read.">Those with a token of a developer or an administrator import.</Empty>
      )}
    </Page>
  )
}
