import { useState } from 'preact/hooks'
import { goTo, linkTo } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { Failure } from '../../parts/failure.ts'
import { useAttempt } from '../../parts/form.tsx'
import { Refusal, Section, Shown } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { type RuleDraft, type RuleFault, type RuleFaults, draftOfRule, rulesOf } from '../../parts/rule_draft.ts'
import { RuleTable } from '../../parts/rule_table.tsx'
import { RulesEditor, type Variable } from '../../parts/rules_editor.tsx'
import { useRights } from '../../parts/session.ts'
import { AskButton } from '../../parts/status_button.tsx'
import { TrialForm } from '../../parts/trial_form.tsx'

type Rule = Schemas['PricingRule']

const readRules = async (scheduleId: string, mode: 'ACTIVE' | 'DRAFT'): Promise<Rule[]> =>
  (await read(api.GET('/v2/schedules/{schedule_id}/pricing_rules', { params: { path: { schedule_id: scheduleId }, query: { mode } } })))
    .data

const discardDraft = (accountId: string) =>
  read(api.DELETE('/v2/accounts/{account_id}/discard_schedules', { params: { path: { account_id: accountId } } }))

/** Puts rules into the draft of the schedules of the account. There is one afterwards, if there was none. */
const draftRules = (scheduleId: string, rules: Schemas['CreatePricingRule'][]) =>
  read(
    api.PUT('/v2/schedules/{schedule_id}/pricing_rules', {
      params: { path: { schedule_id: scheduleId } },
      body: { pricingRules: rules },
    }),
  )

/** Drafts rules, and answers what keeps each of them from being put in force, by its place. */
const checkRules = async (scheduleId: string, rules: Schemas['CreatePricingRule'][]): Promise<RuleFaults> => {
  const { data: kept } = await draftRules(scheduleId, rules)
  const { data: errors } = await read(api.GET('/v2/schedules/{schedule_id}/errors', { params: { path: { schedule_id: scheduleId } } }))
  const faults = new Map<number, RuleFault[]>()
  for (const { entityType, entityId, errorMessage } of errors) {
    const name = kept.find(({ id }) => id === entityId)?.name
    const at = rules.findIndex((rule) => rule.name === name)
    if (entityType !== 'PRICING_RULE' || at === -1) throw new Failure(409, errorMessage)
    const [, field = '', message = errorMessage] = /^([\w.]+): (.*)$/.exec(errorMessage) ?? []
    faults.set(at, [...(faults.get(at) ?? []), { field, message }])
  }
  return faults
}

interface RulesParts {
  accountId: string
  scheduleId: string
  /** From when on changes can be in force. */
  from: string
  variables: readonly Variable[]
}

const ChangeRules = ({
  accountId,
  scheduleId,
  from,
  variables,
  rules: shown,
  isOfDraft,
  close,
}: RulesParts & { rules: readonly Rule[]; isOfDraft: boolean; close: () => void }) => {
  const [before] = useState(() => shown.toSorted((one, other) => one.order - other.order).map(draftOfRule))
  const [rules, setRules] = useState<readonly RuleDraft[]>(before)
  const [faults, setFaults] = useState<RuleFaults>(new Map())
  const [isTried, setTried] = useState(false)
  const leaving = useAttempt()
  const attempt = async (isTry: boolean): Promise<unknown> => {
    if (!isTry)
      return read(api.POST('/v2/accounts/{account_id}/finalize_schedules', { params: { path: { account_id: accountId } }, body: {} }))
    setFaults(new Map())
    setTried(true)
    const found = await checkRules(scheduleId, rulesOf(rules))
    setFaults(found)
    if (found.size)
      throw new Failure(
        400,
        `${found.size === 1 ? 'A rule is' : `${found.size} rules are`} not right yet. What is wrong stands at its field.`,
      )
    return undefined
  }
  /** Leaves the draft as it was before: others may have put more into it. */
  const undoTrial = async (): Promise<void> => {
    if (!isTried) return
    await (isOfDraft ? draftRules(scheduleId, rulesOf(before)) : discardDraft(accountId))
  }
  const cancelChange = async (): Promise<void> => {
    if (await leaving.attempt(undoTrial)) close()
  }
  return (
    <TrialForm
      action="Put the rules in force"
      typed={rules}
      attempt={attempt}
      shows={() => (
        <p>
          {rules.length
            ? `These ${rules.length === 1 ? 'is one rule' : `are ${rules.length} rules`} of the account alone, from ${from} on. Rules of the plan do not hold for it any more.`
            : `The account has no pricing rule from ${from} on.`}
        </p>
      )}
      done={() => goTo(linkTo('accounts', accountId))}
      cancel={() => void cancelChange()}
    >
      <RulesEditor
        rules={rules}
        set={(next) => {
          setFaults(new Map())
          setRules(next)
        }}
        faults={faults}
        variables={variables}
      />
      {leaving.failure && <Refusal failure={leaving.failure} />}
    </TrialForm>
  )
}

/** The rules by which an account is charged in a schedule: those of its plan, or its own. */
export const ScheduleRules = (parts: RulesParts & { isDrafted: boolean; isOver: boolean }) => {
  const { accountId, scheduleId, isDrafted, isOver } = parts
  const { writes } = useRights()
  /** Which rules are being changed: those stay meanwhile, also when a draft is made of them. */
  const [opened, setOpened] = useState<'ACTIVE' | 'DRAFT'>()
  const isOpen = opened !== undefined
  const mode = opened ?? (isDrafted && writes ? 'DRAFT' : 'ACTIVE')
  const reading = useRead(`rules ${scheduleId} ${mode}`, () => readRules(scheduleId, mode))
  return (
    <Section
      title="Pricing rules"
      note={
        isOver ? 'The schedule ends today, or has ended: they stay as they are.' : 'They change the lines of an invoice, one after another.'
      }
      actions={
        writes &&
        !isOver &&
        !isOpen && (
          <button type="button" onClick={() => setOpened(mode)}>
            Change the rules
          </button>
        )
      }
    >
      {isDrafted && !isOpen && writes && (
        <div class="notice warm">
          <p>There is a draft of the schedules of this account. What you change goes into it, and all of it is put in force together.</p>
          <div class="actions">
            <AskButton
              label="Discard the draft"
              title="Discard the draft of the schedules?"
              send={() => discardDraft(accountId)}
              isDangerous
            >
              What is in force stays as it is.
            </AskButton>
          </div>
        </div>
      )}
      <Shown reading={reading}>
        {(rules) =>
          isOpen ? (
            <ChangeRules {...parts} rules={rules} isOfDraft={mode === 'DRAFT'} close={() => setOpened(undefined)} />
          ) : (
            <RuleTable rules={rules} />
          )
        }
      </Shown>
    </Section>
  )
}
