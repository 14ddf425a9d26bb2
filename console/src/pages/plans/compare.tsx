import { linkTo, useParameters } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { durationWords } from '../../parts/duration.ts'
import { CheckField } from '../../parts/form.tsx'
import { wordsOf } from '../../parts/format.ts'
import { Empty, Page, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { Table } from '../../parts/table.tsx'
import type { Names } from '../../routes.ts'
import { useVersions } from './versions.tsx'

const readVersion = async (planId: string, version: number): Promise<Schemas['PricingSchedule'] | undefined> => {
  const params = { path: { price_plan_id: planId }, query: { version } }
  return (await read(api.GET('/price_plans/{price_plan_id}', { params }))).pricingSchedule[0]
}

/** What the lists of a plan are called on its page. */
const LISTS: Readonly<Record<string, string>> = {
  usageRateCards: 'Usage',
  fixedFeeRateCards: 'Fees',
  licenseRateCards: 'Licences',
  billingEntitlementRateCards: 'Entitlements',
  entitlementOverageRateCards: 'Beyond entitlements',
  creditGrantRateCards: 'Credits that are granted',
  minimumCommitment: 'Minimum commitment',
  pricingRules: 'Pricing rules',
  pricingCycleConfig: 'Cycle',
  supportedCurrencies: 'Currencies',
  activeCurrencies: 'Published in',
  featureConfigs: 'Units',
}

/** What a value of a plan is called. */
const nameInWords = (name: string): string => LISTS[name] ?? wordsOf(name)

/** Values that are durations. */
const DURATIONS = new Set(['effectiveFrom', 'effectiveUntil', 'expiryDuration'])

/** What an entry of a list is called: a card or a rule by its name, a price by its currency, a slab by its order. */
const entryName = (entry: unknown, at: number): string => {
  if (typeof entry !== 'object' || entry === null) return String(at + 1)
  const { name, currency, order } = entry as { name?: string; currency?: string; order?: number }
  return name ?? currency ?? (order === undefined ? String(at + 1) : `slab ${order}`)
}

/** What the entries of a list are called, each by another name: of two rules with one name, the second is told apart by its number. */
const entryNames = (entries: readonly unknown[]): string[] => {
  const names = entries.map(entryName)
  return names.map((name, at) => {
    const before = names.slice(0, at).filter((other) => other === name).length
    return before ? `${name} (${before + 1})` : name
  })
}

/** Each value of a document, whose own name is `name`, under its path. */
const flatten = (value: unknown, path: readonly string[] = [], name = ''): [string, string][] => {
  if (Array.isArray(value)) {
    const names = entryNames(value)
    return value.flatMap((entry: unknown, at) => flatten(entry, [...path, names[at] ?? ''], name))
  }
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, inner]) => flatten(inner, [...path, nameInWords(key)], key))
  return [[path.join(' › '), DURATIONS.has(name) ? durationWords(String(value)) : String(value)]]
}

interface Row {
  path: string
  left: string | undefined
  right: string | undefined
}

const rowsOf = (left: unknown, right: unknown): Row[] => {
  const [before, after] = [new Map(flatten(left)), new Map(flatten(right))]
  return [...new Set([...before.keys(), ...after.keys()])].map((path) => ({ path, left: before.get(path), right: after.get(path) }))
}

/** Two versions of a plan side by side. */
export const ComparePlan = ({ names: { id = '' } }: { names: Names }) => {
  const { get, set } = useParameters()
  const [left, right] = [Number(get('left') ?? 1), Number(get('right') ?? 2)]
  const showsAll = get('all') === 'yes'
  const versions = useVersions(id)
  const reading = useRead(`compare ${id} ${left} ${right}`, () => Promise.all([readVersion(id, left), readVersion(id, right)]))
  const name = versions.data?.[0]?.name ?? id
  const choice = (side: 'left' | 'right', value: number) => (
    <label class="filter">
      <span>{side === 'left' ? 'Version' : 'compared with'}</span>
      <select value={String(value)} onChange={(event) => set({ [side]: event.currentTarget.value })}>
        {versions.data?.map(({ version }) => (
          <option key={version}>{version}</option>
        ))}
      </select>
    </label>
  )
  return (
    <Page
      title="Versions side by side"
      above={
        <>
          <a href={linkTo('plans')}>Price plans</a> · <a href={linkTo('plans', id)}>{name}</a>
        </>
      }
    >
      <div class="filters">
        {choice('left', left)}
        {choice('right', right)}
        <CheckField label="Also what is the same" value={showsAll} set={(all) => set({ all: all ? 'yes' : undefined })} />
      </div>
      <Shown reading={reading}>
        {([before, after]) => (
          <Table
            label="Differences"
            rows={rowsOf(
              { ...before?.pricePlanDetails, pricingRules: before?.pricingRules },
              { ...after?.pricePlanDetails, pricingRules: after?.pricingRules },
            ).filter((row) => showsAll || row.left !== row.right)}
            keyOf={({ path }) => path}
            empty={<Empty title="The two versions are the same." />}
            columns={[
              { title: 'What', cell: ({ path }) => path },
              {
                title: `Version ${left}`,
                cell: (row) => (row.left === row.right ? row.left : <del>{row.left ?? '–'}</del>),
              },
              {
                title: `Version ${right}`,
                cell: (row) => (row.left === row.right ? row.right : <strong>{row.right ?? '–'}</strong>),
              },
            ]}
          />
        )}
      </Shown>
    </Page>
  )
}
