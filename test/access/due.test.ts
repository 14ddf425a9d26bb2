import { env } from 'cloudflare:workers'
import { describe, expect, it } from 'vitest'
import { type DueStep, doAllDue, doDueNow, doDueOf, systemContext } from '../../src/access/due/service.ts'
import { conflicts } from '../../src/conflicts.ts'
import { connect } from '../../src/db/client.ts'
import { commit } from '../../src/db/commit.ts'
import type { Ctx } from '../../src/db/context.ts'
import { type Due, setDue, settleDue } from '../../src/db/due.ts'
import { ledgers, organization } from '../helpers/api.ts'

const DAY = 86_400_000

const context = (id: string, now: number): Ctx =>
  systemContext({ session: connect(env.DB).primary(), ledgers, now, secrets: ['secret'], conflicts }, { id, baseCurrency: 'USD' })

const save = (id: string, rows: readonly Due[]) => {
  const ctx = context(id, 0)
  return commit(ctx, { statements: setDue(ctx, rows), changes: [], answer: {} })
}

const rowsOf = async (id: string) =>
  env.DB.prepare('SELECT kind, subject, due_at FROM due WHERE organization_id = ? ORDER BY due_at, kind, subject').bind(id).raw()

/** Steps that write down what they did, and come back each day until `until`. */
const recording = (done: string[], until = 0): DueStep[] =>
  ['first', 'second'].map((kind) => ({
    kind,
    run: (ctx, row) => {
      const next = row.dueAt + DAY <= until ? row.dueAt + DAY : undefined
      done.push(`${kind} ${row.subject} ${row.dueAt / DAY}`)
      return commit(ctx, { statements: settleDue(ctx, row, next), changes: [], answer: {} })
    },
  }))

describe('what is due', () => {
  it('is done in the order of time, then of the steps, then of the subjects, as if each day had been on time', async () => {
    const { id } = await organization()
    await save(id, [
      { kind: 'second', subject: 'a', dueAt: DAY },
      { kind: 'first', subject: 'b', dueAt: DAY },
      { kind: 'first', subject: 'a', dueAt: DAY },
      { kind: 'second', subject: 'c', dueAt: 9 * DAY },
    ])
    const done: string[] = []
    const run = await doDueOf(context(id, 2.5 * DAY), recording(done, 3 * DAY))
    expect(done).toEqual(['first a 1', 'first b 1', 'second a 1', 'first a 2', 'first b 2', 'second a 2'])
    expect(run).toEqual({ done: 6, errors: [] })
    expect(await rowsOf(id)).toEqual([
      ['first', 'a', 3 * DAY],
      ['first', 'b', 3 * DAY],
      ['second', 'a', 3 * DAY],
      ['second', 'c', 9 * DAY],
    ])
  })

  it('is done before what looks at all of it, also what it makes due at the same instant', async () => {
    const { id } = await organization()
    await save(id, [
      { kind: 'last', subject: 'a', dueAt: DAY },
      { kind: 'second', subject: 'a', dueAt: DAY },
    ])
    const done: string[] = []
    const settle = (kind: string, made: readonly Due[] = []): DueStep => ({
      kind,
      run: (ctx, row) => (done.push(kind), commit(ctx, { statements: settleDue(ctx, row), changes: [], answer: {}, due: made })),
    })
    const its = [settle('first'), settle('second', [{ kind: 'first', subject: 'a', dueAt: DAY }]), { ...settle('last'), looksAtAll: true }]
    await doDueOf(context(id, DAY), its)
    expect(done).toEqual(['second', 'first', 'last'])
  })

  it('is done before what can wait, though that is due since earlier and takes many runs', async () => {
    const { id } = await organization()
    await save(id, [
      { kind: 'slow', subject: 'a', dueAt: DAY },
      { kind: 'slow', subject: 'b', dueAt: 2 * DAY },
      { kind: 'first', subject: 'a', dueAt: 3 * DAY },
      { kind: 'second', subject: 'a', dueAt: 9 * DAY },
    ])
    const done: string[] = []
    const slow: DueStep = {
      kind: 'slow',
      canWait: true,
      run: async (ctx, row) => {
        done.push(`slow ${row.subject} ${row.dueAt / DAY}`)
        const isFirst = done.length < 3
        if (isFirst) await save(id, [{ kind: 'second', subject: 'b', dueAt: 4 * DAY }])
        else await commit(ctx, { statements: settleDue(ctx, row), changes: [], answer: {} })
        return { isUnfinished: isFirst }
      },
    }
    await doDueOf(context(id, 5 * DAY), [slow, ...recording(done)])
    expect(done).toEqual(['first a 3', 'slow a 1', 'second b 4', 'slow a 1', 'slow b 2'])
    expect(await rowsOf(id)).toEqual([['second', 'a', 9 * DAY]])
  })

  it('is done once by runs at the same moment', async () => {
    const { id } = await organization()
    await save(id, [{ kind: 'first', subject: 'a', dueAt: DAY }])
    const steps: DueStep[] = [
      {
        kind: 'first',
        run: (ctx, row) => {
          const again = { ...row, kind: 'done', subject: crypto.randomUUID(), dueAt: 2 * DAY }
          return commit(ctx, { statements: [...settleDue(ctx, row), ...setDue(ctx, [again])], changes: [], answer: {} })
        },
      },
    ]
    const runs = await Promise.all(Array.from({ length: 5 }, () => doDueOf(context(id, DAY), steps)))
    expect(runs.flatMap(({ errors }) => errors)).toEqual([])
    expect(await rowsOf(id)).toEqual([['done', expect.any(String), 2 * DAY]])
  })

  it('that fails stays due, and keeps nothing else from being done', async () => {
    const { id } = await organization()
    await save(id, [
      { kind: 'first', subject: 'a', dueAt: DAY },
      { kind: 'first', subject: 'b', dueAt: DAY },
      { kind: 'second', subject: 'a', dueAt: 2 * DAY },
    ])
    const done: string[] = []
    const [first, second] = recording(done) as [DueStep, DueStep]
    const failing: DueStep = {
      kind: 'first',
      run: (ctx, row) => (row.subject === 'a' ? Promise.reject(new Error('planted')) : first.run(ctx, row)),
    }
    const { errors } = await doDueOf(context(id, 3 * DAY), [failing, second])
    expect([done, errors.map(({ message }) => message)]).toEqual([['first b 1', 'second a 2'], ['planted']])
    expect(await rowsOf(id)).toEqual([['first', 'a', DAY]])
  })

  it('by a step that does not settle it is not done for ever', async () => {
    const { id } = await organization()
    await save(id, [{ kind: 'first', subject: 'a', dueAt: DAY }])
    let runs = 0
    await doDueOf(context(id, DAY), [{ kind: 'first', run: () => Promise.resolve(runs++) }])
    expect(runs).toBe(1)
  })

  it('of every organization is done in turn, and a kind that nobody knows is left', async () => {
    const [one, other] = [await organization(), await organization()]
    await save(one.id, [{ kind: 'first', subject: 'turn a', dueAt: DAY }])
    await save(other.id, [
      { kind: 'first', subject: 'turn b', dueAt: 0 },
      { kind: 'unknown', subject: 'turn b', dueAt: 0 },
    ])
    const done: string[] = []
    await doAllDue({ session: connect(env.DB).primary(), ledgers, now: DAY, secrets: [], conflicts }, recording(done), () => 0)
    expect(done.filter((line) => line.includes('turn'))).toEqual(['first turn b 0', 'first turn a 1'])
    expect(await rowsOf(other.id)).toEqual([['unknown', 'turn b', 0]])
  })

  it('of one organization does not keep the others waiting, however much it is', async () => {
    const [one, other] = [await organization(), await organization()]
    await save(one.id, [{ kind: 'long', subject: 'long', dueAt: 0 }])
    await save(other.id, [{ kind: 'short', subject: 'short', dueAt: DAY }])
    const done: string[] = []
    let ms = 0
    const long: DueStep = {
      kind: 'long',
      run: async (ctx, row) => {
        ms += 900
        if (done.push('long') < 9) return { isUnfinished: true }
        return commit(ctx, { statements: settleDue(ctx, row), changes: [], answer: {} })
      },
    }
    const short: DueStep = {
      kind: 'short',
      run: (ctx, row) => (done.push('short'), commit(ctx, { statements: settleDue(ctx, row), changes: [], answer: {} })),
    }
    await doAllDue({ session: connect(env.DB).primary(), ledgers, now: DAY, secrets: [], conflicts }, [long, short], () => ms)
    expect(done).toEqual(['long', 'long', 'long', 'short', 'long', 'long', 'long', 'long', 'long'])
    expect([await rowsOf(one.id), await rowsOf(other.id)]).toEqual([[], []])
  })

  it('is done in as many runs as its calls need, and that of others meanwhile', async () => {
    const [long, short] = [await organization(), await organization()]
    const subjects = Array.from({ length: 1000 }, (_, index) => String(index).padStart(4, '0'))
    await save(
      long.id,
      subjects.map((subject) => ({ kind: 'first', subject, dueAt: 0 })),
    )
    await save(short.id, [{ kind: 'second', subject: 'short', dueAt: DAY }])
    const done: string[] = []
    const used: number[] = []
    for (let runs = 0; runs < 2; runs++) {
      const { usage, primary } = connect(env.DB)
      await doAllDue({ session: primary(), ledgers, now: DAY, secrets: [], conflicts }, recording(done), () => 0)
      used.push(usage.calls)
      expect(done).toContain('second short 1')
    }
    expect(Math.max(...used)).toBeLessThan(810)
    expect(done.indexOf('second short 1')).toBeLessThan(110)
    expect(done.filter((line) => line.startsWith('first'))).toEqual(subjects.map((subject) => `first ${subject} 0`))
    expect(await rowsOf(long.id)).toEqual([])
  })

  it('is found without reading what is due later, or due in real time but not by a test clock', async () => {
    const now = 500 * DAY
    const own = `own ${crypto.randomUUID()}`
    const nothing: DueStep[] = [{ kind: own, run: () => Promise.reject(new Error('planted')) }]
    const measure = async () => {
      const { usage, primary } = connect(env.DB)
      await doAllDue({ session: primary(), ledgers, now, secrets: [], conflicts }, nothing, () => 0)
      return usage.rowsRead
    }
    const [later, behind] = [await organization(), await organization()]
    const before = await measure()
    const rows = (dueAt: number) => Array.from({ length: 20_000 }, (_, subject) => ({ kind: own, subject: String(subject), dueAt }))
    await save(later.id, rows(now + DAY))
    expect((await measure()) - before).toBeLessThan(10)
    await env.DB.prepare('UPDATE organizations SET clock_at = ? WHERE id = ?')
      .bind(now - 2 * DAY, behind.id)
      .run()
    await save(behind.id, rows(now - DAY))
    const { results } = await env.DB.prepare('SELECT count(*) AS count FROM organizations').all<{ count: number }>()
    expect((await measure()) - before).toBeLessThan(4100 + 10 * (results[0]?.count ?? 0))
    await env.DB.prepare('DELETE FROM due WHERE kind = ?').bind(own).run()
  })

  it('of an organization is found behind thousands of rows that wait for a test clock', async () => {
    const now = 500 * DAY
    const own = `own ${crypto.randomUUID()}`
    const [behind, real] = [await organization(), await organization()]
    await env.DB.prepare('UPDATE organizations SET clock_at = ? WHERE id = ?')
      .bind(now - 9 * DAY, behind.id)
      .run()
    await save(
      behind.id,
      Array.from({ length: 1500 }, (_, subject) => ({ kind: own, subject: String(subject), dueAt: now - 5 * DAY })),
    )
    await save(real.id, [{ kind: own, subject: 'real', dueAt: now - DAY }])
    const done: string[] = []
    const steps: DueStep[] = [
      {
        kind: own,
        run: (ctx, row) => (done.push(row.subject), commit(ctx, { statements: settleDue(ctx, row), changes: [], answer: {} })),
      },
    ]
    await doAllDue({ session: connect(env.DB).primary(), ledgers, now, secrets: [], conflicts }, steps, () => 0)
    expect(done).toEqual(['real'])
    await env.DB.prepare('DELETE FROM due WHERE kind = ?').bind(own).run()
  })

  it('at once because of a write is done before its answer, and stays for later when it fails', async () => {
    const { id } = await organization()
    const done: string[] = []
    const ctx = context(id, DAY)
    const due = [
      { kind: 'second', subject: 'a', dueAt: DAY },
      { kind: 'first', subject: 'a', dueAt: DAY },
      { kind: 'first', subject: 'z', dueAt: 2 * DAY },
    ]
    const reply = await commit(ctx, { statements: [], changes: [], answer: {}, due })
    expect(reply.committed?.due).toHaveLength(2)
    const later: Promise<unknown>[] = []
    const afterAnswer = (work: Promise<unknown>) => void later.push(work)
    await doDueNow(ctx, recording(done), reply.committed?.due ?? [], afterAnswer)
    expect(done).toEqual(['first a 1', 'second a 1'])
    await save(id, [{ kind: 'first', subject: 'b', dueAt: DAY }])
    await doDueNow(
      ctx,
      [{ kind: 'first', run: () => Promise.reject(new Error('planted')) }],
      [{ kind: 'first', subject: 'b', dueAt: DAY }],
      afterAnswer,
    )
    expect((await rowsOf(id)).map(([, subject]) => subject)).toEqual(['b', 'z'])
  })
})

describe('rows of one instant whose step does them together', () => {
  const together = (done: string[], fails: (subjects: string[]) => boolean): DueStep[] => [
    {
      kind: 'first',
      run: (ctx, row) => {
        if (fails([row.subject])) throw new Error(row.subject)
        done.push(row.subject)
        return commit(ctx, { statements: settleDue(ctx, row), changes: [], answer: {} })
      },
      runTogether: (ctx, rows) => {
        const subjects = rows.map(({ subject }) => subject)
        if (fails(subjects)) return Promise.reject(new Error('together'))
        done.push(subjects.join('+'))
        return commit(ctx, { statements: rows.flatMap((row) => settleDue(ctx, row)), changes: [], answer: {} })
      },
    },
  ]

  it('are done after the rows of earlier steps, and before those of later ones', async () => {
    const { id } = await organization()
    await save(
      id,
      ['before', 'first', 'second'].flatMap((kind) => ['a', 'b'].map((subject) => ({ kind, subject, dueAt: DAY }))),
    )
    const done: string[] = []
    const [first, second] = recording(done) as [DueStep, DueStep]
    const [both] = together(done, () => false) as [DueStep]
    await doDueOf(context(id, DAY), [{ ...first, kind: 'before' }, both, second])
    expect(done).toEqual(['first a 1', 'first b 1', 'a+b', 'second a 1', 'second b 1'])
  })

  it('are done at once, and one by one where one of them fails', async () => {
    const { id } = await organization()
    const rows = ['a', 'b', 'c'].map((subject) => ({ kind: 'first', subject, dueAt: DAY }))
    await save(id, rows)
    const done: string[] = []
    expect(
      await doDueOf(
        context(id, 2 * DAY),
        together(done, () => false),
      ),
    ).toEqual({ done: 3, errors: [] })
    expect([done, await rowsOf(id)]).toEqual([['a+b+c'], []])
    await save(id, rows)
    done.length = 0
    const run = await doDueOf(
      context(id, 2 * DAY),
      together(done, (subjects) => subjects.includes('b')),
    )
    expect([run.done, run.errors.map(({ message }) => message), done]).toEqual([2, ['b'], ['a', 'c']])
    expect(await rowsOf(id)).toEqual([['first', 'b', DAY]])
  })
})
