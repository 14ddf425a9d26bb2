import { useState } from 'preact/hooks'
import { goTo, linkTo } from '../../parts/address.ts'
import { type Schemas, api, read, tagOf } from '../../parts/client.ts'
import { Failure } from '../../parts/failure.ts'
import { ChoiceField, Form } from '../../parts/form.tsx'
import { useOrganization } from '../../parts/organization.ts'
import { Page, Refusal, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { type RuleFaults, faultsIn, rulesOf } from '../../parts/rule_draft.ts'
import { RulesEditor } from '../../parts/rules_editor.tsx'
import type { Names } from '../../routes.ts'
import { CardEditor } from './card_editor.tsx'
import { detailsOf } from './details_of.ts'
import { BOUGHT_ONCE, type CardDraft, type CardKind, type PlanDraft, emptyCard, emptyPlan } from './draft.ts'
import { draftOf } from './draft_of.ts'
import { useBillables } from './names.ts'
import { Commitment, Terms } from './terms.tsx'
import { variablesOf } from './variables.ts'

type Plan = Schemas['PricePlan']

const MIGRATIONS = [
  ['NONE', 'Stay on their version'],
  ['NEXT_CYCLE', 'Get it with their next cycle'],
  ['NEXT_CYCLE_IGNORE_OVERRIDE', 'Get it with their next cycle, and lose prices of their own'],
  ['START_OF_CURRENT_CYCLE', 'Get it from the start of their present cycle'],
  ['IMMEDIATE', 'Get it tomorrow'],
  ['IMMEDIATE_IGNORE_OVERRIDE', 'Get it tomorrow, and lose prices of their own'],
] as const

const ADDS: readonly (readonly [CardKind, string])[] = [
  ['fee', 'Add a fee'],
  ['usage', 'Add usage'],
  ['licence', 'Add licences'],
  ['entitlement', 'Add an entitlement'],
  ['overage', 'Add use beyond an entitlement'],
  ['grant', 'Add a credit grant'],
]

/** Sends the draft of a plan: a new one, or what is different in it, and answers its id. */
const sendPlan = async (
  draft: PlanDraft,
  plan: Plan | undefined,
  tag: string | undefined,
  migration: string,
  versions: string,
): Promise<string> => {
  const details = detailsOf(draft)
  const isDescribed = draft.description !== (plan?.description ?? '')
  const common = { ...(isDescribed && { description: draft.description }), pricingRules: rulesOf(draft.rules) }
  if (!plan) {
    const own = draft.type === 'BILLING' ? { deferredRevenue: draft.isDeferred, allow_ongoing_cycle_updates: draft.isOpen } : {}
    const body = { ...common, name: draft.name, type: draft.type, pricePlanDetails: { ...details, ...own } }
    return (await read(api.POST('/price_plans', { body }))).id
  }
  const params = { path: { price_plan_id: plan.id }, header: { 'If-Match': tag } }
  const moves =
    plan.status === 'ACTIVE' && migration !== 'NONE'
      ? { migrationMode: migration as Schemas['MigrationMode'], versionsToMigrate: versions as Schemas['VersionsToMigrate'] }
      : {}
  await read(api.PATCH('/price_plans/{price_plan_id}', { params, body: { ...common, pricePlanDetails: details, ...moves } }))
  return plan.id
}

const Migration = ({
  mode,
  setMode,
  versions,
  setVersions,
}: Readonly<Record<'mode' | 'versions', string>> & Readonly<Record<'setMode' | 'setVersions', (value: string) => void>>) => (
  <div class="columns">
    <ChoiceField label="Accounts on older versions" value={mode} set={setMode} of={MIGRATIONS} />
    {mode !== 'NONE' && (
      <ChoiceField
        label="Which of them"
        value={versions}
        set={setVersions}
        of={[
          ['LATEST_VERSION', 'Those of the version before this one'],
          ['ALL_VERSION', 'Those of all versions'],
        ]}
      />
    )}
  </div>
)

const Editor = ({ start, plan }: { start: PlanDraft; plan?: Plan }) => {
  const [draft, setDraft] = useState(start)
  const [mode, setMode] = useState('NONE')
  const [versions, setVersions] = useState('LATEST_VERSION')
  const [faults, setFaults] = useState<RuleFaults>(new Map())
  /** What somebody else changes while the form is open is not overwritten. */
  const [tag] = useState(plan && tagOf(plan))
  const { reading: billables, nameOf } = useBillables()
  const change = (part: Partial<PlanDraft>): void => setDraft((before) => ({ ...before, ...part }))
  const { currencies } = draft
  const isRecurring = draft.type === 'BILLING'
  const isShown = ({ kind }: Pick<CardDraft, 'kind'>): boolean => isRecurring || BOUGHT_ONCE.has(kind)
  const changeCard = (at: number, part: Partial<CardDraft>): void =>
    setDraft((before) => ({ ...before, cards: before.cards.map((card, index) => (index === at ? { ...card, ...part } : card)) }))
  const isPublished = plan?.status === 'ACTIVE'
  const send = async (): Promise<void> => {
    setFaults(new Map())
    try {
      goTo(linkTo('plans', await sendPlan(draft, plan, tag, mode, versions)))
    } catch (error) {
      if (error instanceof Failure) setFaults(faultsIn(error.message))
      throw error
    }
  }
  return (
    <Form action={plan ? (isPublished ? 'Publish as the next version' : 'Save draft') : 'Create plan'} send={send}>
      <Terms draft={draft} change={change} isNew={!plan} />
      <Section title="Rate cards">
        {billables.failure && <Refusal failure={billables.failure} retry={billables.reload} />}
        <div class="stack">
          {draft.cards.map(
            (card, at) =>
              isShown(card) && (
                <CardEditor
                  key={card.key}
                  card={card}
                  currencies={currencies}
                  billables={billables.data}
                  isRecurring={isRecurring}
                  change={(part) => changeCard(at, part)}
                  remove={() => change({ cards: draft.cards.filter((_, index) => index !== at) })}
                />
              ),
          )}
          <div class="actions">
            {ADDS.filter(([kind]) => isShown({ kind })).map(([kind, words]) => (
              <button key={kind} type="button" onClick={() => change({ cards: [...draft.cards, emptyCard(kind)] })}>
                {words}
              </button>
            ))}
          </div>
          {isRecurring && <Commitment draft={draft} change={change} canBeRemoved={!start.commitment} />}
        </div>
      </Section>
      <Section title="Pricing rules" note="They change the lines of an invoice, one after another.">
        <RulesEditor
          rules={draft.rules}
          set={(rules) => {
            setFaults(new Map())
            change({ rules })
          }}
          faults={faults}
          variables={variablesOf(draft.cards.filter(isShown), nameOf)}
        />
      </Section>
      {isPublished && <Migration mode={mode} setMode={setMode} versions={versions} setVersions={setVersions} />}
    </Form>
  )
}

export const NewPlan = () => {
  const organization = useOrganization()
  return (
    <Page title="New price plan" above={<a href={linkTo('plans')}>Price plans</a>}>
      <Shown reading={organization}>{({ baseCurrency }) => <Editor start={emptyPlan(baseCurrency)} />}</Shown>
    </Page>
  )
}

export const EditPlan = ({ names: { id = '' } }: { names: Names }) => {
  /** What was read before may be old, and would be refused when it is sent. */
  const [opening] = useState(() => crypto.randomUUID())
  const reading = useRead(`plan ${id} ${opening}`, () =>
    read(api.GET('/price_plans/{price_plan_id}', { params: { path: { price_plan_id: id } } })),
  )
  const plan = reading.data
  return (
    <Page
      title={plan ? `Edit ${plan.name}` : 'Edit'}
      above={
        <>
          <a href={linkTo('plans')}>Price plans</a> · <a href={linkTo('plans', id)}>{plan?.name ?? id}</a>
        </>
      }
    >
      <Shown reading={reading}>
        {(shown) => {
          const [schedule] = shown.pricingSchedule
          const details = schedule?.pricePlanDetails
          return details && <Editor start={draftOf(shown, details, schedule.pricingRules ?? [])} plan={shown} />
        }}
      </Shown>
    </Page>
  )
}
