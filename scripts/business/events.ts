import { DAY, EVENTS, END, type SampleAccount, START, accounts, startRandom } from './data.ts'

export interface SampleEvent {
  id: string
  schemaName: string
  timestamp: string
  accountId: string
  attributes: { name: string; value: string }[]
  dimensions: Record<string, string>
}

const HOUR = 3_600_000
const KINDS = ['invoice', 'contract', 'letter', 'form']
const REGIONS = ['eu-west', 'us-east', 'us-west']

const first = Date.parse(START)
export const days = Math.ceil((Date.parse(END) - first) / DAY)

/** How much is used on a day: more each week, and less at weekends. */
const shareOf = (day: number): number => {
  const weekday = new Date(first + day * DAY).getUTCDay()
  return (1 + day / 120) * (weekday === 0 || weekday === 6 ? 0.35 : 1)
}

const total = Array.from({ length: days }, (_, day) => shareOf(day)).reduce((sum, share) => sum + share, 0)

const pick = <Item>(items: readonly Item[], at: number): Item => items[Math.floor(at * items.length)] as Item

/** One event in some hundreds is wrong, as they are in a real business: of an account or a schema that is not there, without what is measured, or sent twice. */
const spoil = (event: SampleEvent, chance: number): SampleEvent => {
  if (chance < 0.0016) return { ...event, accountId: 'tamarind-tea-legacy' }
  if (chance < 0.0022) return { ...event, schemaName: 'document_red' }
  if (chance < 0.0028 && event.attributes.length > 1) return { ...event, attributes: event.attributes.slice(0, 1) }
  return event
}

const chooser = (of: readonly SampleAccount[]): ((at: number) => SampleAccount) => {
  const sum = of.reduce((all, { weight }) => all + weight, 0)
  return (at) => {
    let left = at * sum
    return of.find(({ weight }) => (left -= weight) < 0) ?? (of[0] as SampleAccount)
  }
}

/** The exports of a week, of which some are refused: they would take more than the plan includes. */
export const exportsOf = (day: number): SampleEvent[] => {
  const random = startRandom(1000 + day)
  return accounts
    .filter(({ plan, since }) => plan === 'Enterprise' && since <= day)
    .map(({ id }) => ({
      id: `export-${day}-${id}`,
      schemaName: 'archive_exported',
      timestamp: new Date(first + day * DAY + Math.floor(20 * HOUR * random())).toISOString(),
      accountId: id,
      attributes: [{ name: 'documents', value: String(Math.floor(4200 * random())) }],
      dimensions: {},
    }))
}

/** The events of a day, the same each time. */
export const eventsOf = (day: number): SampleEvent[] => {
  const random = startRandom(day + 1)
  const choose = chooser(accounts.filter(({ since }) => since <= day))
  const count = Math.round((EVENTS * shareOf(day)) / total)
  const events: SampleEvent[] = []
  for (let at = 0; at < count; at++) {
    const { id: accountId } = choose(random())
    const hour = 6 + 12 * random() ** 0.8 + 4 * random()
    const time = first + day * DAY + Math.floor(hour * HOUR)
    if (time >= Date.parse(END)) continue
    const timestamp = new Date(time).toISOString()
    const common = { id: `${day}-${at}`, timestamp, accountId }
    const chance = random()
    if (random() < 0.93) {
      const pages = 1 + Math.floor(random() ** 3 * 24)
      const attributes = [
        { name: 'pages', value: String(pages) },
        { name: 'characters', value: String(pages * (1200 + Math.floor(random() * 1600))) },
      ]
      const dimensions = { kind: pick(KINDS, random()), region: pick(REGIONS, random()) }
      events.push(spoil({ ...common, schemaName: 'document_read', attributes, dimensions }, chance))
    } else {
      const attributes = [{ name: 'gigabyte_hours', value: (random() * 90 + 5).toFixed(2) }]
      events.push(spoil({ ...common, schemaName: 'storage_measured', attributes, dimensions: { region: pick(REGIONS, random()) } }, chance))
    }
    const last = events.at(-1)
    if (last && chance > 0.9992) events.push(last)
  }
  return events
}
