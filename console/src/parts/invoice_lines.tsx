import { linkTo } from './address.ts'
import type { Exact } from './exact_json.ts'
import { counted, lastDateOf, money, quantity, wordsOf } from './format.ts'

/** A line of an invoice, of its preview or of its explanation. */
export interface Line {
  id?: string
  type: string
  description: string
  value: Exact
  quantity?: Exact
  valuePerQuantity?: Exact
  arithmetic?: string
  rateCard?: { name: string; type: string; invoiceTiming: string; version: number; pricePlanId: string }
  proration?: { days: number; ofDays: number }
  pricingRule?: { name: string; condition?: string; computation: string; variables: Record<string, string | null> }
  events?: { count: number; units: string; list?: string; firstEventAt?: string; lastEventAt?: string }
  lineItems?: Line[]
}

/** The list of events that a path of the API names, as a page of the console. */
const eventsLink = (path: string): string => {
  const query = new URL(path, location.origin).searchParams
  const end = query.get('end_time')
  return linkTo('events', {
    account: query.get('account_id') ?? undefined,
    schema: query.get('schema_name') ?? undefined,
    status: query.get('status') ?? undefined,
    from: query.get('start_time')?.slice(0, '2026-11-30'.length),
    until: end ? lastDateOf(end) : undefined,
  })
}

/** Leaves out a total that only repeats the one above it: an invoice has several, which differ where there are credits or taxes. */
const condense = (line: Line): Line => {
  const children = line.lineItems ?? []
  const [only] = children
  if (children.length === 1 && only?.lineItems?.length && String(only.value) === String(line.value))
    return condense({ ...line, lineItems: only.lineItems })
  return { ...line, lineItems: children.map(condense) }
}

/** Whether an arithmetic says more than that a number is itself. */
const isTelling = (arithmetic: string | undefined): boolean => {
  const [left, right] = arithmetic?.split(' = ') ?? []
  return left !== right
}

type Rule = NonNullable<Line['pricingRule']>

/** A pricing rule that has made or changed a line, and what it read. */
const ExplainedRule = ({ rule: { name, condition, computation, variables } }: { rule: Rule }) => {
  const read = Object.entries(variables).map(([variable, value]) => `${variable} = ${value ?? 'nothing'}`)
  return (
    <p class="muted">
      Rule {name}: <code>{computation}</code>
      {condition && (
        <>
          , if <code>{condition}</code>
        </>
      )}
      {read.length > 0 && `, with ${read.join(', ')}`}
    </p>
  )
}

const Explained = ({ line }: { line: Line }) => {
  const { arithmetic, rateCard, proration, pricingRule, events } = line
  return (
    <div class="explained">
      {isTelling(arithmetic) && <p>{arithmetic}</p>}
      {rateCard && (
        <p class="muted">
          Rate card {rateCard.name} of <a href={linkTo('plans', rateCard.pricePlanId)}>the plan</a>, version {rateCard.version},{' '}
          {wordsOf(rateCard.invoiceTiming).toLowerCase()}
        </p>
      )}
      {proration && (
        <p class="muted">
          {proration.days} of {proration.ofDays} days
        </p>
      )}
      {pricingRule && <ExplainedRule rule={pricingRule} />}
      {events && (
        <p class="muted">
          {counted(events.count, 'event')} behind it
          {events.list && (
            <>
              {' '}
              – <a href={eventsLink(events.list)}>list them</a>
            </>
          )}
        </p>
      )}
    </div>
  )
}

const hasMore = ({ arithmetic, rateCard, proration, pricingRule, events }: Line): boolean =>
  isTelling(arithmetic) || Boolean(rateCard ?? proration ?? pricingRule ?? events)

const LineRow = ({ line, depth, currency }: { line: Line; depth: number; currency: string | undefined }) => {
  const name = line.description || wordsOf(line.type)
  const numbers = (
    <>
      <span class="line-quantity">{line.quantity === undefined ? '' : quantity(line.quantity)}</span>
      <span class="line-value">{money(line.value, currency)}</span>
    </>
  )
  return (
    <li class={`line depth-${Math.min(depth, 5)}`}>
      {hasMore(line) ? (
        <details>
          <summary>
            <span class="line-name">{name}</span>
            {numbers}
          </summary>
          <Explained line={line} />
        </details>
      ) : (
        <div class="line-row">
          <span class="line-name">{name}</span>
          {numbers}
        </div>
      )}
      {line.lineItems && line.lineItems.length > 0 && (
        <ul>
          {line.lineItems.map((child, at) => (
            <LineRow key={child.id ?? at} line={child} depth={depth + 1} currency={currency} />
          ))}
        </ul>
      )}
    </li>
  )
}

/** An invoice as the tree that it is. Each line opens to how it came to its value. */
export const InvoiceTree = ({ root, currency }: { root: Line; currency: string | undefined }) => (
  <ul class="tree">
    <LineRow line={condense(root)} depth={0} currency={currency} />
  </ul>
)
