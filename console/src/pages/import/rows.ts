import type { Schemas } from '../../parts/client.ts'
import { numberTyped } from '../../parts/exact_json.ts'
import { readLines } from './csv.ts'

/** The columns that a file can have. The order does not matter. */
export const COLUMNS = [
  'customer_id',
  'customer_name',
  'account_id',
  'account_name',
  'email',
  'currency',
  'net_term_days',
  'aliases',
  'street',
  'postal_code',
  'city',
  'state',
  'country',
  'tags',
  'price_plan',
  'plan_from',
  'plan_until',
] as const

type ColumnName = (typeof COLUMNS)[number]

const REQUIRED: readonly ColumnName[] = ['customer_id', 'account_id', 'account_name']
const MOST_ROWS = 5000

/** Whether a text is a day of the calendar, such as 2026-03-30. */
const isDay = (text: string): boolean => {
  const at = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(text) : new Date(Number.NaN)
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text)
}

type Plan = Schemas['PricePlanListData']

/** What a row asks for: an account, with its customer where the row names that, and its price plan. */
export interface Row {
  /** The line of the file on which it begins, from 1 on. */
  line: number
  customerId: string
  accountId: string
  name: string
  /** Creates the customer with the account, or the account alone. */
  customer: Schemas['CreateCustomerRequest'] | undefined
  account: Schemas['CreateAccountRequest'] | undefined
  plan: Schemas['UpdatePricingScheduleRequest'] | undefined
  /** Whether the customer is made by an earlier row. */
  isOfEarlier: boolean
  faults: readonly string[]
}

export interface File {
  rows: readonly Row[]
  /** What is wrong with the file, so that its rows cannot be read. */
  fault: string | undefined
}

const listOf = (text: string): string[] =>
  text
    .split('|')
    .map((one) => one.trim())
    .filter(Boolean)

type Cells = Readonly<Record<ColumnName, string>>

const addressOf = (cells: Cells): Schemas['Address'] =>
  Object.fromEntries(
    [
      ['line1', cells.street],
      ['postalCode', cells.postal_code],
      ['city', cells.city],
      ['state', cells.state],
      ['country', cells.country.toUpperCase()],
    ].filter(([, value]) => value),
  )

const accountOf = (cells: Cells): Schemas['CreateAccountRequestWithoutCustomerId'] => {
  const [aliases, tags, address] = [listOf(cells.aliases), listOf(cells.tags), addressOf(cells)]
  return {
    id: cells.account_id,
    name: cells.account_name,
    ...(cells.currency && { invoiceCurrency: cells.currency.toUpperCase() }),
    ...(cells.email && { primaryEmail: cells.email }),
    ...(cells.net_term_days && { netTermDays: numberTyped(cells.net_term_days) }),
    ...(aliases.length && { aliases }),
    ...(tags.length && { tags }),
    ...(Object.keys(address).length && { address }),
  }
}

const planOf = (cells: Cells, plans: readonly Plan[]): Plan | undefined =>
  plans.find(({ id }) => id === cells.price_plan) ?? plans.find(({ name }) => name === cells.price_plan)

const faultsOf = (
  cells: Cells,
  plans: readonly Plan[],
  { isRepeated, makesCustomer }: { isRepeated: boolean; makesCustomer: boolean },
): string[] => {
  const { net_term_days: days, price_plan: plan, plan_from: from, plan_until: until } = cells
  const currency = cells.currency.toUpperCase()
  const found = planOf(cells, plans)
  const currencies = found?.pricePlanDetails.activeCurrencies
  return [
    ...REQUIRED.filter((name) => !cells[name]).map((name) => `${name} is missing.`),
    ...(isRepeated ? ['An earlier row has this account_id.'] : []),
    ...(makesCustomer && !cells.email ? ['email is missing: a new customer needs one.'] : []),
    ...(days && !/^\d+$/.test(days) ? [`net_term_days: "${days}" is no whole number of days.`] : []),
    ...(plan && !found ? [`price_plan: no published plan has the name or id "${plan}".`] : []),
    ...(found && found.type === 'PURCHASE' ? [`price_plan: "${plan}" is bought once, and cannot be put in force.`] : []),
    ...(currency && currencies?.includes(currency) === false ? [`price_plan: "${plan}" cannot be put in force in ${currency}.`] : []),
    ...(plan && !isDay(from) ? ['plan_from: type a day such as 2026-03-30.'] : []),
    ...(until && !isDay(until) ? ['plan_until: type a day such as 2027-03-30, or leave it empty.'] : []),
    ...(isDay(from) && isDay(until) && until <= from ? ['plan_until: type a day behind plan_from.'] : []),
    ...(!plan && (from || until) ? ['price_plan is missing, and its days are there.'] : []),
  ]
}

/** What is wrong with the first line of a file. */
const faultOfHead = (names: readonly string[]): string | undefined => {
  const unknown = names.filter((name) => !(COLUMNS as readonly string[]).includes(name))
  const repeated = names.filter((name, at) => names.indexOf(name) !== at)
  const missing = REQUIRED.filter((name) => !names.includes(name))
  if (!names.length) return 'The file is empty.'
  if (unknown.length) return `The first line has unknown columns: ${unknown.map((name) => name || '(no name)').join(', ')}.`
  if (repeated.length) return `The first line has a column twice: ${repeated.join(', ')}.`
  return missing.length ? `The first line lacks columns: ${missing.join(', ')}.` : undefined
}

/** What stands in a text for bytes that are no UTF-8. */
const NO_LETTER = '\uFFFD'

/** Reads the rows of a file, and says of each what is wrong with it as far as the file alone says it. */
export const readFile = (text: string, plans: readonly Plan[]): File => {
  const {
    lines: [{ fields: head } = { fields: [] }, ...lines],
    openLine,
  } = readLines(text)
  const names = head.map((name) =>
    name
      .trim()
      .toLowerCase()
      .replaceAll(/[\s-]+/g, '_'),
  )
  const tooMany = lines.length > MOST_ROWS ? `The file has ${lines.length} rows. Import ${MOST_ROWS} at once, at most.` : undefined
  const open = openLine === undefined ? undefined : `The quotes that are opened in line ${openLine} are not closed.`
  const unread = text.includes(NO_LETTER)
    ? 'The file is not in UTF-8, so that letters are lost. Save it in UTF-8, and choose it again.'
    : undefined
  const fault = unread ?? open ?? faultOfHead(names) ?? tooMany
  if (fault) return { rows: [], fault }
  const [customers, accounts] = [new Set<string>(), new Set<string>()]
  const rows = lines.map(({ number, fields }): Row => {
    const cells = Object.fromEntries(COLUMNS.map((name) => [name, fields[names.indexOf(name)]?.trim() ?? ''])) as unknown as Cells
    const { customer_id: customerId, account_id: accountId } = cells
    const tooLong = fields.length > head.length ? [`It has ${fields.length} fields, and the first line ${head.length}.`] : []
    const [isOfEarlier, account, plan] = [customers.has(customerId), accountOf(cells), planOf(cells, plans)]
    const makesCustomer = Boolean(cells.customer_name) && !isOfEarlier
    const faults = [...tooLong, ...faultsOf(cells, plans, { isRepeated: accounts.has(accountId), makesCustomer })]
    if (makesCustomer) customers.add(customerId)
    accounts.add(accountId)
    return {
      line: number,
      customerId,
      accountId,
      name: cells.account_name,
      customer: makesCustomer
        ? { id: customerId, name: cells.customer_name, primaryEmail: cells.email, address: addressOf(cells), account }
        : undefined,
      account: makesCustomer ? undefined : { ...account, customerId },
      plan: plan && {
        mode: 'ASSOCIATE',
        pricePlanId: plan.id,
        effectiveFrom: cells.plan_from,
        effectiveUntil: cells.plan_until || '9999-01-01',
      },
      isOfEarlier,
      faults,
    }
  })
  return { rows, fault: rows.length ? undefined : 'The file has no rows below its first line.' }
}
