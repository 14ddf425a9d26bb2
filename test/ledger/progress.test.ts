import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { type Eligibility, type EventShown, HOUR, type LicenseAct, type Settlement, codeOf, settleAct } from '../../src/ledger/client.ts'
import {
  DUPLICATE,
  HEAD,
  HOUR_OF_TESTS,
  IN_PROGRESS,
  METERED,
  PAST_GRACE,
  REVERTED,
  accountLedger,
  applyLicense,
  batchOf,
  eventLedger,
  newName,
  runDueWork,
  settlementOf,
  sumsOf,
  waitingEvent,
  type TestEvent,
} from '../helpers/ledger.ts'

type Ledger = ReturnType<typeof eventLedger>

const DAY = 24 * HOUR
const UNDO: Eligibility = { refused: [IN_PROGRESS, DUPLICATE, REVERTED], kept: [] }

const eventsOf = (ledger: Ledger) => ledger.listEvents({ limit: 100 })
const licenseAct = (ledger: string, name: string, reference: string, more: Partial<LicenseAct> = {}): LicenseAct => ({
  ledger,
  account: 'acme',
  license: 'seat',
  name,
  action: 1,
  time: HOUR_OF_TESTS,
  reference,
  ...more,
})

const settlementOfLicense = (event: EventShown): Settlement =>
  settleAct(event, licenseAct('', event.id, event.reference), 'DONE') as Settlement

const progressOf = (ledger: Ledger) =>
  runInDurableObject(
    ledger,
    (_, { storage: { sql } }) => sql.exec<{ reference: string }>('SELECT reference FROM progress').toArray().length,
  )
const namesOf = async (name: string) => (await accountLedger(name).readLicenses(0, HOUR_OF_TESTS + DAY)).map((license) => license.name)

const inProgress = (id: string, accounts: string, more: Partial<LicenseAct> = {}): TestEvent => ({
  id,
  reference: `event.${id}`,
  schema: 'togai-named-license',
  status: IN_PROGRESS,
  act: licenseAct(accounts, id, `event.${id}`, more),
})

describe('an event in progress', () => {
  it('is taken up by the alarm when its request has died, at whatever point', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    await ledger.record(batchOf([inProgress('ann', accounts), inProgress('bob', accounts, { action: -1 }), inProgress('cid', accounts)]))
    await applyLicense(accountLedger(accounts), licenseAct(accounts, 'cid', 'event.cid'))
    await evictDurableObject(ledger)
    await runDueWork(ledger)
    expect(await namesOf(accounts)).toEqual(['ann', 'cid'])
    const statuses = (await eventsOf(ledger)).map(({ id, status }) => [id, status])
    expect(Object.fromEntries(statuses)).toEqual({
      ann: METERED,
      bob: codeOf('INGESTION_FAILED_INVALID_NAMED_LICENSE_EVENT'),
      cid: METERED,
    })
    expect(await progressOf(ledger)).toBe(0)
    await runDueWork(ledger)
    expect(await namesOf(accounts)).toEqual(['ann', 'cid'])
    expect(await sumsOf(ledger)).toEqual({ '=acme e|1|togai-named-license': '0/2', '=acme e|12|togai-named-license': '0/1' })
  })

  it('among the first of two of one id in a batch is taken up by its own act', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    const [first, second] = [
      inProgress('ann', accounts),
      { ...inProgress('ann', accounts, { action: -1, reference: 'event.other' }), reference: 'event.other' },
    ]
    await ledger.record(batchOf([first, second]))
    expect(await progressOf(ledger)).toBe(1)
    await runDueWork(ledger)
    expect(await namesOf(accounts)).toEqual(['ann'])
    expect((await eventsOf(ledger)).map(({ status }) => status).toSorted()).toEqual([METERED, DUPLICATE])
  })

  it('is left alone by the alarm when it was settled', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    await ledger.record(batchOf([{ ...inProgress('ann', accounts), units: { m: '1' } }]))
    const [event] = await eventsOf(ledger)
    if (event) await ledger.settle(HEAD, [settlementOfLicense(event as EventShown)])
    expect(await eventsOf(ledger)).toMatchObject([{ status: METERED, units: null, rules: { schema: ['togai-named-license', 1] } }])
    expect(await progressOf(ledger)).toBe(0)
    await runDueWork(ledger)
    expect(await namesOf(accounts)).toEqual([])
  })

  it('whose time is closed meanwhile is past its grace period, and its act is taken back', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    await ledger.record(batchOf([inProgress('ann', accounts), inProgress('bob', accounts)]))
    await applyLicense(accountLedger(accounts), licenseAct(accounts, 'ann', 'event.ann'))
    await ledger.closeAndSum('=acme', HOUR_OF_TESTS, HOUR_OF_TESTS + HOUR)
    const ann = (await ledger.listEvents({ ids: ['ann'], limit: 1 }))[0]
    if (!ann) throw new Error('the event is not listed')
    expect(await ledger.settle(HEAD, [settlementOfLicense(ann as EventShown)])).toEqual({ settled: 1, closed: ['event.ann'] })
    await runDueWork(ledger)
    await runDueWork(ledger)
    expect(await progressOf(ledger)).toBe(0)
    expect(await namesOf(accounts)).toEqual([])
    expect((await eventsOf(ledger)).map(({ status }) => status)).toEqual([PAST_GRACE, PAST_GRACE])
    await ledger.record(batchOf([inProgress('cid', accounts)]))
    expect(await progressOf(ledger)).toBe(0)
  })

  it('that waited before is taken up too', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    await ledger.record(batchOf([waitingEvent('ann', 'red')]))
    const [event] = await ledger.readWaiting(['red'], 1, 0)
    if (!event) throw new Error('nothing waits')
    const act = licenseAct(accounts, 'ann', event.reference)
    await ledger.settle(HEAD, [settlementOf(event, { status: IN_PROGRESS, rules: null, units: null, act })])
    await runDueWork(ledger)
    expect(await namesOf(accounts)).toEqual(['ann'])
    expect(await eventsOf(ledger)).toMatchObject([{ status: METERED, account: '=acme', customer: 'customer of acme' }])
  })

  it('that waited and was done before its time was closed has its act taken back', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    await ledger.record(batchOf([waitingEvent('ann', 'red')]))
    const [event] = await ledger.readWaiting(['red'], 1, 0)
    if (!event) throw new Error('nothing waits')
    const act = licenseAct(accounts, 'ann', event.reference)
    await applyLicense(accountLedger(accounts), act)
    await ledger.closeAndSum('=acme', HOUR_OF_TESTS, HOUR_OF_TESTS + HOUR)
    const settled = await ledger.settle(HEAD, [settlementOf(event, { rules: null, units: null, act })])
    expect(settled).toEqual({ settled: 1, closed: [event.reference] })
    await runDueWork(ledger)
    expect(await namesOf(accounts)).toEqual([])
    expect(await progressOf(ledger)).toBe(0)
    expect(await eventsOf(ledger)).toMatchObject([{ status: PAST_GRACE }])
  })

  it('that is reverted once it is settled has its name taken back, though the request dies', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    await ledger.record(batchOf([inProgress('ann', accounts)]))
    await runDueWork(ledger)
    await ledger.revert(['ann', 'event.ann'], UNDO, { correction: 'c', act: { license: { ledger: accounts, reference: 'event.ann' } } })
    await evictDurableObject(ledger)
    await ledger.dropChanged(await ledger.readChanged(5))
    expect(await ledger.readChanged(5)).toEqual([])
    await runDueWork(ledger)
    expect(await namesOf(accounts)).toEqual([])
    expect(await runInDurableObject(ledger, (_, { storage: { sql } }) => sql.exec('SELECT * FROM carry').toArray())).toEqual([])
    /** What the account earns may have been reckoned with the name. */
    expect((await ledger.readChanged(5)).map(([account]) => account)).toEqual(['=acme'])
  })

  it('does not stop others when its own ledger cannot be asked, and is tried again later each time', async () => {
    const [ledger, accounts] = [eventLedger(), newName()]
    await ledger.record(
      batchOf([
        { ...inProgress('bad', accounts), act: { ...licenseAct(accounts, 'bad', 'event.bad'), name: null as unknown as string } },
        inProgress('good', accounts),
      ]),
    )
    for (let run = 0; run < 9; run++) await runDueWork(ledger)
    expect(await namesOf(accounts)).toEqual(['good'])
    const [row] = await runInDurableObject(ledger, (_, { storage: { sql } }) =>
      sql.exec<{ due_at: number; failures: number }>('SELECT * FROM progress').toArray(),
    )
    expect(row?.failures).toBe(9)
    expect(row?.due_at).toBeGreaterThan(Date.now() + 1_000_000)
    expect(await runDurableObjectAlarm(ledger)).toBe(true)
  })
})
