import { expect } from 'vitest'
import { foldEntries } from './billing_cards.ts'
import { type Account, DAY, FOREVER, type Piece, type Plan, dayOf, isClosed, offsetsOn, pieceOn, putPiece } from './billing_cycles.ts'
import { settle } from './billing_model.ts'
import { type Random, cyclesOf, planDetails, planRules } from './billing_plans.ts'
import { type KnownPlan, type World, done, moveTo, timeText } from './billing_world.ts'

// oxlint-disable-next-line typescript/no-explicit-any
type Loose = any

const dateOf = (day: number): string => new Date(day * DAY).toISOString().slice(0, 10)

/** A time that an event of now may have: most are recent, some late, and some at the very end or start of a month. */
const eventTime = ({ whole, chance }: Random, now: number): number => {
  if (chance(10)) {
    const date = new Date(now)
    const first = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1)
    return first - (chance(50) ? 1 : 0)
  }
  return now - whole(0, chance(70) ? 2 * DAY : chance(70) ? 9 * DAY : 40 * DAY)
}

/** Events of today, of all accounts, in one batch. */
export const sendEvents = async ({ api, random, items, accounts, ...world }: World, now: number, count: () => number): Promise<void> => {
  const { whole, chance } = random
  const events: Loose[] = []
  for (const account of accounts)
    for (let left = account.isArchived ? 0 : count(); left > 0; left--) {
      const [distance, weight] = [String(whole(chance(5) ? -5000 : 0, 20_000) / 1000), String(whole(1, 40))]
      const time = eventTime(random, now)
      const id = `event ${now} ${events.length} ${world.made}`
      const attributes = [
        { name: 'distance', value: distance },
        { name: 'weight', value: weight },
      ]
      events.push({ id, schemaName: 'rides', timestamp: timeText(time), accountId: account.id, attributes, dimensions: {} })
      const [first = '', second = '', third = ''] = items.meters
      if (!isClosed(account, time, now))
        account.events.push({ id, time, corrections: 0, units: { [first]: distance, [second]: weight, [third]: '1' } })
    }
  if (events.length) await done(api.post('/ingestBatch', { events }))
}

/** Takes back an event of an account, or puts one with other values in its place. It is refused where the cycle of the event is closed. */
export const correctEvent = async ({ api, random, items }: World, account: Account, now: number): Promise<void> => {
  if (!account.events.length) return
  const event = random.pick(account.events.slice(-12))
  const [first = '', second = ''] = items.meters
  const isUndo = random.chance(50)
  const query = `account_id=${encodeURIComponent(account.id)}&event_id=${encodeURIComponent(event.id)}`
  const [distance, weight] = [String(random.whole(0, 20_000) / 1000), String(random.whole(1, 40))]
  const attributes = [
    { name: 'distance', value: distance },
    { name: 'weight', value: weight },
  ]
  const sent = { id: event.id, schemaName: 'rides', timestamp: timeText(event.time), accountId: account.id, attributes, dimensions: {} }
  const body = isUndo ? undefined : { event: sent }
  const { data } = await done(api.call('POST', `/events/correction?action=${isUndo ? 'UNDO' : 'REDO_EVENT'}&${query}`, body))
  const closed = isClosed(account, event.time, now)
  const outcome = closed ? 'FAILED' : isUndo ? 'REVERTED' : 'REVERTED_AND_REINGESTED'
  const failed = isUndo ? Array.from({ length: event.corrections }, () => 'FAILED') : []
  const what = `${account.id}: ${event.id} of ${timeText(event.time)}, corrected at ${timeText(now)}`
  expect(data.map(({ status }: Loose) => status).toSorted(), what).toEqual([...failed, outcome].toSorted())
  if (closed) return
  if (isUndo) account.events = account.events.filter((one) => one !== event)
  else {
    event.corrections++
    Object.assign(event.units, { [first]: distance, [second]: weight })
  }
}

/** Changes how many licences an account has: from now, from before, or later. It is refused if there would ever be fewer than none. */
export const updateLicense = async ({ api, random, items }: World, account: Account, now: number): Promise<void> => {
  const { whole, chance, pick } = random
  const licenseId = pick(items.licenses)
  const at = chance(20) ? dayOf(now) * DAY : chance(60) ? now : now + whole(-40 * DAY, 20 * DAY)
  const mode = pick(['ABSOLUTE', 'RELATIVE'])
  const quantity = whole(mode === 'ABSOLUTE' ? 0 : -6, 12)
  const entry = { licenseId, at, mode, quantity: String(quantity) }
  const after = [...account.entries, entry]
  const isBelow = foldEntries(after.filter((one) => one.licenseId === licenseId)).some((one) => one.quantity.lt(0))
  const body = { licenseId, accountId: account.id, updateType: mode, quantity, effectiveFrom: timeText(at) }
  const { status, body: answer } = await api.post('/license_updates', body)
  expect([status, isBelow ? '' : answer.message]).toEqual([isBelow ? 400 : 200, isBelow ? '' : undefined])
  if (isBelow) return
  account.entries = after
  settle(account, now)
}

/** Gives a name a licence of an account, or takes it, as of now. */
export const nameLicense = async (world: World, account: Account, now: number): Promise<void> => {
  const { api, random, items } = world
  const [licenseId, name] = [random.pick(items.names), random.pick(['ann', 'bob', 'cid', 'dan'])]
  const open = account.names.find((one) => one.name === name && one.licenseId === licenseId && one.until > now)
  if (open?.from === now || account.names.some((one) => one.name === name && one.until === now)) return
  const attributes = [{ name: 'action', value: open ? '-1' : '1' }]
  const dimensions = { license_id: licenseId, name }
  const event = { id: `name ${world.made++}`, schemaName: 'togai-named-license', timestamp: timeText(now), accountId: account.id }
  await done(api.post('/ingest', { event: { ...event, attributes, dimensions } }))
  if (open) open.until = now
  else account.names.push({ licenseId, name, from: now, until: Number.POSITIVE_INFINITY })
}

const pieceOf = ({ id, name, details, rules, isStrict }: KnownPlan, from: number, override: Loose): Omit<Piece, 'from' | 'until'> => {
  const its = { ...details, ...override }
  return {
    plan: { id, name, details, rules, isStrict } as Plan,
    details: its,
    rules,
    ...offsetsOn(its.pricingCycleConfig, from),
    isOverridden: Object.keys(override).length > 0,
  }
}

/** Prices of its own that an account has instead of those of a plan: fees that cost something else, and other cycles. */
const overrideOf = ({ random }: World, { details, isStrict }: KnownPlan): Loose => {
  if (isStrict || !random.chance(30)) return {}
  const fixedFeeRateCards = details.fixedFeeRateCards.map((card: Loose) => ({
    ...card,
    rateValues: card.rateValues.map(({ currency, rate }: Loose) => ({ currency, rate: rate * 2 })),
  }))
  return random.chance(50) ? { fixedFeeRateCards } : { pricingCycleConfig: cyclesOf(random, details.pricingCycleConfig.interval) }
}

/** Gives an account another plan, or none, from a day until another one or for ever. */
export const editPlan = async (world: World, account: Account, now: number): Promise<void> => {
  const { api, random, plans } = world
  const { whole, chance, pick } = random
  const today = dayOf(now)
  const isFirst = !account.pieces.length
  const from = isFirst ? today + whole(-45, 20) : today + whole(1, 40)
  const until = chance(70) ? FOREVER : from + whole(3, 90)
  const path = `/accounts/${encodeURIComponent(account.id)}/price_plans`
  const days = { effectiveFrom: dateOf(from), effectiveUntil: until === FOREVER ? '9999-01-01' : dateOf(until) }
  if (!isFirst && chance(15)) {
    await done(api.post(path, { mode: 'DISASSOCIATE', ...days }))
    putPiece(account, from, until)
  } else {
    const neighbours = [pieceOn(account, from - 1), pieceOn(account, until)]
    const same = plans.find(({ id }) => id === neighbours[0]?.plan.id)
    const plan = same && chance(40) ? same : pick(plans)
    if (plan.isStrict && neighbours.some((one) => one?.plan.id === plan.id)) return
    const override = overrideOf(world, plan)
    const piece = pieceOf(plan, from, override)
    const inForce = pieceOn(account, from)
    const isAlike = inForce?.details.pricingCycleConfig.interval === piece.details.pricingCycleConfig.interval
    const retained = isAlike && !override.pricingCycleConfig && chance(30) ? inForce : undefined
    const own = Object.keys(override).length ? { pricePlanDetailsOverride: override } : {}
    await done(api.post(path, { pricePlanId: plan.id, ...days, ...own, ...(retained && { retainStartOffsets: true }) }))
    const { dayOffset, monthOffset } = retained ?? piece
    putPiece(account, from, until, { ...piece, dayOffset, monthOffset })
  }
  settle(account, now)
}

/** Publishes a plan with other prices, which accounts get that are given it from now on, and all that have it from tomorrow on if it says so, but for those with prices of their own. */
export const revisePlan = async (world: World, now: number): Promise<void> => {
  const { api, random, items, plans, accounts } = world
  const index = random.whole(0, plans.length - 1)
  const before = plans[index] as KnownPlan
  if (before.isStrict) return
  const { pricingCycleConfig: _cycle, supportedCurrencies: _all, minimumCommitment: _none, ...details } = planDetails(random, items, false)
  const migrationMode = random.pick(['NONE', 'IMMEDIATE'])
  const cards = { usageRateCards: details.usageRateCards, fixedFeeRateCards: details.fixedFeeRateCards }
  const after: KnownPlan = { ...before, details: { ...before.details, ...cards }, rules: [] }
  after.rules = planRules(random, after.details)
  const pricingRules = after.rules.map(({ sent }) => sent)
  await done(
    api.patch(`/price_plans/${before.id}`, { pricePlanDetails: cards, pricingRules, migrationMode, versionsToMigrate: 'LATEST_VERSION' }),
  )
  plans[index] = after
  if (migrationMode === 'NONE') return
  await moveTo(world, now)
  const tomorrow = dayOf(now) + 1
  for (const account of accounts.filter(({ isArchived }) => !isArchived)) {
    const moved = account.pieces.filter(({ plan, until }) => plan.details === before.details && until > tomorrow)
    if (moved.some(({ isOverridden }) => isOverridden)) continue
    for (const piece of moved) {
      const from = Math.max(piece.from, tomorrow)
      putPiece(account, from, piece.until, { ...piece, ...pieceOf(after, from, {}) })
    }
    if (moved.length) settle(account, now)
  }
}

export const changeTerms = async ({ api, random }: World, account: Account): Promise<void> => {
  account.netTermDays = random.whole(0, 60)
  await done(api.patch(`/accounts/${encodeURIComponent(account.id)}`, { netTermDays: account.netTermDays }))
}

export const archive = async ({ api }: World, account: Account, now: number): Promise<void> => {
  await done(api.delete(`/accounts/${encodeURIComponent(account.id)}`))
  account.isArchived = true
  putPiece(account, dayOf(now) + 1, FOREVER)
  settle(account, now)
}
