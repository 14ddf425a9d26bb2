import type { FeatureAct, FeatureGrant, GrantChange } from '../../src/ledger/client.ts'

/** Units are whole tenths here. */
const tenths = (text: string): number => Math.round(Number(text) * 10)
export const inTenths = (units: number): string => String(units / 10)

interface ModelEntry extends Omit<FeatureGrant, 'granted'> {
  granted: number
  /** When it was taken from last, by the count of all that was taken. */
  takenAt: number
  /** What was given back elsewhere of it because it had ended, less what was not taken again because others had it. */
  aside: number
}

interface Part {
  entry: ModelEntry
  units: number
}

/** What an event took, or GONE. */
type Take = 'GONE' | { feature: string; time: number; parts: Part[] }

/** The credits of one account, kept as plainly as can be: what is used of an entry is what the events say that are not undone. */
export interface Model {
  entries: ModelEntry[]
  takes: Map<string, Take>
  begunAt: number
  hours: Map<string, number>
  count: number
}

export const newModel = (): Model => ({ entries: [], takes: new Map(), begunAt: Number.NEGATIVE_INFINITY, hours: new Map(), count: 0 })

/** What events that are not undone took of an entry. */
export const takenOf = ({ takes }: Model, entry: ModelEntry): number =>
  [...takes.values()]
    .flatMap((take) => (take === 'GONE' ? [] : take.parts))
    .reduce((sum, part) => (part.entry === entry ? sum + part.units : sum), entry.aside)

const usedOf = (model: Model, entry: ModelEntry): number => Math.max(0, takenOf(model, entry))
const leftOf = (model: Model, entry: ModelEntry): number => Math.max(0, entry.granted - usedOf(model, entry))
const isOverage = ({ source }: ModelEntry): boolean => source === 'OVERAGE'
const isAt = ({ from, until, isVoid }: ModelEntry, time: number): boolean => from <= time && time < until && !isVoid

const entriesAt = ({ entries }: Model, feature: string, time: number): ModelEntry[] =>
  entries
    .filter((entry) => entry.feature === feature && isAt(entry, time))
    .toSorted(
      (one, other) =>
        Number(isOverage(one)) - Number(isOverage(other)) ||
        one.until - other.until ||
        one.from - other.from ||
        (one.id < other.id ? -1 : 1),
    )

const overageAt = (model: Model, feature: string, time: number): number =>
  entriesAt(model, feature, time)
    .filter(isOverage)
    .reduce((sum, entry) => sum + usedOf(model, entry), 0)

/** Does something, and counts the overage that comes or goes by it in the hour of an event. */
const countOverage = (model: Model, feature: string, time: number, hour: number, run: () => void): void => {
  const all = () =>
    model.entries.filter((entry) => entry.feature === feature && isOverage(entry)).reduce((sum, entry) => sum + usedOf(model, entry), 0)
  const before = all()
  run()
  const key = `${feature} ${time - (time % hour)}`
  model.hours.set(key, (model.hours.get(key) ?? 0) + all() - before)
}

const said = (model: Model, { feature, time, parts }: Exclude<Take, 'GONE'>, soFar = overageAt(model, feature, time)): string => {
  const overage = parts.reduce((sum, { entry, units }) => (isOverage(entry) ? sum + units : sum), 0)
  return `TAKEN ${inTenths(overage)} ${inTenths(soFar)}`
}

/** Spreads units over entries, each of which can have so many. */
const spread = (entries: readonly ModelEntry[], units: number, most: (entry: ModelEntry) => number): Part[] => {
  let rest = units
  return entries.flatMap((entry) => {
    const part = Math.min(rest, most(entry))
    rest -= part
    return part ? [{ entry, units: part }] : []
  })
}

export const take = (
  model: Model,
  { feature, time, reference, units: text, cycleAt, isEntitled, isTried }: FeatureAct,
  hour: number,
): string => {
  const before = model.takes.get(reference)
  if (before) return before === 'GONE' ? 'GONE' : said(model, before)
  if (cycleAt !== undefined && model.begunAt < cycleAt) return 'BEHIND'
  const units = tenths(text)
  const entries = entriesAt(model, feature, time)
  const left = entries.reduce((sum, entry) => sum + leftOf(model, entry), 0)
  if (units > left) {
    if (isEntitled) model.takes.set(reference, 'GONE')
    return `SHORT ${inTenths(left)}`
  }
  const parts =
    units < 0
      ? spread(
          entries.toSorted((one, other) => other.takenAt - one.takenAt),
          -units,
          (entry) => usedOf(model, entry),
        ).map(({ entry, units: part }) => ({ entry, units: -part }))
      : spread(entries, units, (entry) => leftOf(model, entry))
  const its = { feature, time, parts }
  if (isTried) return said(model, its)
  for (const { entry, units: part } of parts) if (part > 0) entry.takenAt = ++model.count
  countOverage(model, feature, time, hour, () => model.takes.set(reference, its))
  return said(model, its)
}

export const undo = (model: Model, reference: string, now: number, hour: number): void => {
  const its = model.takes.get(reference)
  if (!its || its === 'GONE') {
    model.takes.set(reference, 'GONE')
    return
  }
  countOverage(model, its.feature, its.time, hour, () => {
    const room = new Map(its.parts.map(({ entry }) => [entry, Math.max(0, entry.granted - takenOf(model, entry))]))
    model.takes.set(reference, 'GONE')
    for (const [index, { entry, units }] of its.parts.entries())
      if (units < 0) entry.aside -= Math.max(0, -units - (room.get(entry) ?? 0))
      else if (entry.until <= now && !entry.isVoid && !isOverage(entry)) {
        entry.aside += units
        const { feature, from, until } = entry
        const id = `${reference}$REFUND${index ? `.${index + 1}` : ''}`
        const refund = { feature, id, source: 'REFUND', from: now, until: now + until - from, isVoid: false, version: 1 }
        model.entries.push({ ...refund, granted: units, takenAt: 0, aside: 0 })
      }
  })
}

export const conclude = (model: Model, reference: string): string => {
  const its = model.takes.get(reference)
  if (its && its !== 'GONE') return said(model, its)
  model.takes.set(reference, 'GONE')
  return 'GONE'
}

const limitOf = (granted: string | null): number => (granted === null ? Number.POSITIVE_INFINITY : tenths(granted))

const find = ({ entries }: Model, feature: string, id: string) => entries.find((entry) => entry.feature === feature && entry.id === id)

export const put = (model: Model, grants: readonly FeatureGrant[], begunAt: number | null): void => {
  model.begunAt = Math.max(model.begunAt, begunAt ?? Number.NEGATIVE_INFINITY)
  for (const grant of grants) {
    const entry = find(model, grant.feature, grant.id)
    const { until, isVoid, version } = grant
    if (!entry) model.entries.push({ ...grant, granted: limitOf(grant.granted), takenAt: 0, aside: 0 })
    else if (version > entry.version) Object.assign(entry, { until, isVoid, version, granted: limitOf(grant.granted) })
  }
}

export const change = (model: Model, { feature, id, until, granted, isVoid, version }: GrantChange, now: number): string => {
  const entry = find(model, feature, id)
  if (!entry) return 'ABSENT'
  if (entry.version >= version) return 'DONE'
  if (entry.isVoid || entry.until <= now) return 'ENDED'
  if (!isVoid && limitOf(granted) < usedOf(model, entry)) return 'USED'
  Object.assign(entry, { until, isVoid, version, granted: limitOf(granted) })
  return 'DONE'
}

const limitText = (granted: number): string => (granted === Number.POSITIVE_INFINITY ? 'any' : inTenths(granted))

/** The entries of a feature, from the last that begins: what each has, and what is used of it. */
export const list = (model: Model, feature: string): string[] =>
  model.entries
    .filter((entry) => entry.feature === feature)
    .toSorted((one, other) => other.from - one.from || (one.id < other.id ? 1 : -1))
    .map((entry) => {
      const { id, source, from, until, granted, isVoid, version } = entry
      return `${id} ${source} ${from}-${until} ${inTenths(usedOf(model, entry))}/${limitText(granted)} ${isVoid} ${version}`
    })

/** The credits at an instant, by the ids of the features. */
export const balances = (model: Model, at: number): string[] =>
  [...new Set(model.entries.filter((entry) => isAt(entry, at)).map(({ feature }) => feature))].toSorted().map((feature) => {
    const its = entriesAt(model, feature, at)
    const own = its.filter((entry) => !isOverage(entry) && entry.granted !== Number.POSITIVE_INFINITY)
    const overage = its.filter(isOverage)
    const sum = (some: readonly ModelEntry[], of: (entry: ModelEntry) => number) => some.reduce((total, entry) => total + of(entry), 0)
    const limit = overage.length ? limitText(sum(overage, ({ granted }) => granted)) : 'none'
    const [granted, left, used] = [
      sum(own, (entry) => entry.granted),
      sum(own, (entry) => leftOf(model, entry)),
      overageAt(model, feature, at),
    ]
    return `${feature} ${inTenths(left)}/${inTenths(granted)} ${inTenths(used)}/${limit}`
  })

/** The overage by feature and hour. */
export const overage = ({ hours }: Model): string[] =>
  [...hours].flatMap(([key, units]) => (units === 0 ? [] : [`${key} ${inTenths(units)}`])).toSorted()
