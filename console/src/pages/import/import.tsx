import { useEffect, useRef, useState } from 'preact/hooks'
import { linkTo } from '../../parts/address.ts'
import { Badge } from '../../parts/badge.tsx'
import { api, read } from '../../parts/client.ts'
import { CheckField, TextArea, useAttempt } from '../../parts/form.tsx'
import { Empty, Page, Refusal, Section } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { useRights } from '../../parts/session.ts'
import { Table } from '../../parts/table.tsx'
import { COLUMNS, type File, type Row, readFile } from './rows.ts'
import { type Outcome, checkRows, sendRows } from './send.ts'

const STATES: Readonly<Record<Outcome['state'], readonly [words: string, tone: string]>> = {
  WRONG: ['Wrong', 'bad'],
  RIGHT: ['Right', 'good'],
  EXISTS: ['There already', 'calm'],
  MADE: ['Made', 'good'],
  REFUSED: ['Refused', 'bad'],
}

const EXAMPLE = `customer_id,customer_name,account_id,account_name,email,currency,price_plan,plan_from
tidewater,Tidewater Boats,tidewater,Tidewater Boats,accounts@tidewater.example,USD,Starter,2026-12-01`

const readPlans = async () => (await read(api.GET('/price_plans', { params: { query: { status: 'ACTIVE', pageSize: 100 } } }))).data

type Outcomes = ReadonlyMap<number, Outcome>

const whatOf = ({ customer, plan }: Row): string =>
  [customer ? 'customer and account' : 'account', plan && `plan from ${plan.effectiveFrom}`].filter(Boolean).join(', ')

const Rows = ({ rows, outcomes }: { rows: readonly Row[]; outcomes: Outcomes }) => (
  <Table
    label="Rows of the file"
    rows={rows}
    keyOf={({ line }) => String(line)}
    columns={[
      { title: 'Line', cell: ({ line }) => line, isNumber: true },
      {
        title: 'State',
        cell: ({ line }) => {
          const [words, tone] = STATES[outcomes.get(line)?.state ?? 'RIGHT']
          return outcomes.has(line) ? (
            <Badge of={words} tone={tone}>
              {words}
            </Badge>
          ) : (
            <span class="muted">Waits</span>
          )
        },
      },
      {
        title: 'Account',
        cell: ({ line, accountId, name }) =>
          ['MADE', 'EXISTS'].includes(outcomes.get(line)?.state ?? '') ? (
            <a href={linkTo('accounts', accountId)}>{name}</a>
          ) : (
            name || accountId
          ),
      },
      { title: 'Makes', cell: whatOf, isMinor: true },
      { title: 'What is wrong', cell: ({ line }) => outcomes.get(line)?.notes.map((note) => <div key={note}>{note}</div>) },
    ]}
  />
)

const Progress = ({ words, done, of, stop }: { words: string; done: number; of: number; stop: () => void }) => (
  <div role="status" aria-live="polite">
    <p>
      {words}: {done} of {of} rows
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
  const [phase, setPhase] = useState<'CHECKING' | 'CHECKED' | 'IMPORTING' | 'DONE'>()
  const [leavesOut, setLeavesOut] = useState(false)
  const [done, setDone] = useState(0)
  const { failure, attempt } = useAttempt()
  const run = useRef(0)
  useEffect(() => () => void run.current++, [])
  const change = (next: string): void => {
    run.current++
    setText(next)
    setFile(undefined)
    setPhase(undefined)
    setOutcomes(new Map())
  }
  const doWork = (rows: readonly Row[], during: 'CHECKING' | 'IMPORTING', work: typeof checkRows): void => {
    const mine = ++run.current
    const isOver = (): boolean => run.current !== mine
    setPhase(during)
    setDone(0)
    void attempt(async () => {
      await work(
        rows,
        (line, outcome) => {
          if (isOver()) return
          setOutcomes((before) => new Map([...before, [line, outcome]]))
          setDone((count) => count + 1)
        },
        isOver,
      )
      if (!isOver()) setPhase(during === 'CHECKING' ? 'CHECKED' : 'DONE')
    })
  }
  const check = (): void => {
    const made = readFile(text, plans.data ?? [])
    setFile(made)
    setOutcomes(new Map())
    if (!made.fault) doWork(made.rows, 'CHECKING', checkRows)
  }
  const stop = (): void => {
    run.current++
    setPhase(undefined)
  }
  const rows = file?.rows ?? []
  const isWrong = ({ line }: Row): boolean => outcomes.get(line)?.state === 'WRONG'
  const [wrong, right] = [rows.filter(isWrong), rows.filter((row) => !isWrong(row))]
  const refused = rows.filter(({ line }) => outcomes.get(line)?.state === 'REFUSED')
  return (
    <>
      <div class="card form">
        <TextArea
          label="Rows"
          value={text}
          set={change}
          rows={8}
          hint="The first line names the columns. Several aliases or tags stand in one field, with | between them."
        />
        <label class="field">
          <span>Or a file</span>
          <input
            type="file"
            accept=".csv,text/csv,text/plain"
            onChange={(event) => {
              const [chosen] = event.currentTarget.files ?? []
              if (chosen) void chosen.text().then(change)
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
          <button
            type="button"
            class={phase ? '' : 'primary'}
            disabled={!text.trim() || !plans.data || phase === 'IMPORTING'}
            onClick={check}
          >
            Check the rows
          </button>
        </div>
        {file?.fault && (
          <p class="notice warm" role="alert">
            {file.fault}
          </p>
        )}
        {failure && <Refusal failure={failure} />}
      </div>
      {rows.length > 0 && (
        <Section title="Rows of the file">
          {phase === 'CHECKING' && <Progress words="Trying" done={done} of={rows.length} stop={stop} />}
          {phase === 'IMPORTING' && <Progress words="Importing" done={done} of={right.length} stop={stop} />}
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
                  onClick={() => doWork(right, 'IMPORTING', sendRows)}
                >
                  Import {right.length} {right.length === 1 ? 'row' : 'rows'}
                </button>
              </div>
            </div>
          )}
          {phase === 'DONE' && (
            <p class={`notice ${refused.length ? 'warm' : ''}`} role="status">
              {right.length - refused.length} rows are made
              {refused.length > 0 &&
                `, and ${refused.length} were refused. Mend them, and run the file again: what is made is not made twice`}
              .
            </p>
          )}
          <Rows rows={rows} outcomes={outcomes} />
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
        Customers, accounts, their aliases and price plans, from a CSV file. Each row is tried before anything is made.
      </p>
      {writes ? (
        <ImportForm />
      ) : (
        <Empty title="Your token can only read.">Those with a token of a developer or an administrator import.</Empty>
      )}
    </Page>
  )
}
