import { ChoiceField, TextArea, TextField } from './form.tsx'
import { RowEditor } from './row_editor.tsx'
import { type RuleDraft, type RuleFault, type RuleFaults, emptyRule, faultOfJson, moveRule } from './rule_draft.ts'

const MOST = 100

/** A value that rules can read, and what it is. */
export interface Variable {
  name: string
  means: string
  /** Whether a rule can set it. */
  isTarget: boolean
}

const faultOf = (faults: readonly RuleFault[], field: string): string | undefined =>
  faults
    .filter((one) => one.field === field || one.field.startsWith(`${field}.`))
    .map(({ message }) => message)
    .join('; ') || undefined

const FIELDS = ['name', 'condition', 'computation', 'action', 'invoiceTiming']

const RuleAction = ({ rule, change, faults, targets }: RuleParts & { targets: readonly string[] }) => (
  <>
    <ChoiceField
      label="What it does"
      value={rule.type}
      set={(type) => change({ type: type as RuleDraft['type'] })}
      of={[
        ['ADD', 'Adds a line to the invoice'],
        ['UPDATE', 'Sets the cost or the usage of a rate card'],
      ]}
    />
    {rule.type === 'UPDATE' ? (
      <TextField
        label="What it sets"
        value={rule.target}
        set={(target) => change({ target })}
        list={targets}
        fault={faultOf(faults, 'action.target')}
      />
    ) : (
      <TextField
        label="Id of its line"
        value={rule.lineId}
        set={(lineId) => change({ lineId })}
        isOptional
        fault={faultOf(faults, 'action.id')}
      />
    )}
    <TextField
      label="Text on the invoice"
      value={rule.description}
      set={(description) => change({ description })}
      isOptional
      fault={faultOf(faults, 'action.description')}
    />
  </>
)

interface RuleParts {
  rule: RuleDraft
  change: (part: Partial<RuleDraft>) => void
  faults: readonly RuleFault[]
}

const RuleFields = ({ rule, change, faults, targets }: RuleParts & { targets: readonly string[] }) => {
  const others = faults.filter(({ field }) => !FIELDS.some((one) => field.startsWith(one)))
  return (
    <>
      {others.map(({ field, message }) => (
        <p key={field} class="fault">
          {`${field} ${message}`.trim()}
        </p>
      ))}
      <div class="columns">
        <TextField label="Name" value={rule.name} set={(name) => change({ name })} fault={faultOf(faults, 'name')} />
        <ChoiceField
          label="Changes what is billed"
          value={rule.timing}
          set={(timing) => change({ timing: timing as RuleDraft['timing'] })}
          of={[
            ['IN_ARREARS', 'After the cycle'],
            ['IN_ADVANCE', 'In advance, when the cycle begins'],
          ]}
        />
        <RuleAction rule={rule} change={change} faults={faults} targets={targets} />
      </div>
      <div class="columns wide">
        <TextArea
          label="Condition"
          value={rule.condition}
          set={(condition) => change({ condition })}
          rows={3}
          isOptional
          hint="JSON Logic. Left empty, the rule always runs."
          fault={faultOfJson(rule.condition) ?? faultOf(faults, 'condition')}
        />
        <TextArea
          label="Computation"
          value={rule.computation}
          set={(computation) => change({ computation })}
          rows={3}
          hint={
            rule.type === 'ADD'
              ? 'JSON Logic that comes to the amount: a discount is less than 0.'
              : 'JSON Logic that comes to the new value.'
          }
          fault={faultOfJson(rule.computation) ?? faultOf(faults, 'computation')}
        />
      </div>
      <RowEditor
        title="Metadata"
        rows={rule.metadata}
        set={(metadata) => change({ metadata })}
        empty={{ name: '', value: '' }}
        add="Add metadata"
      >
        {(row, set) => (
          <>
            <TextField label="Key" value={row.name} set={(name) => set({ name })} />
            <TextField label="Value" value={row.value} set={(value) => set({ value })} isOptional />
          </>
        )}
      </RowEditor>
    </>
  )
}

const Variables = ({ of }: { of: readonly Variable[] }) => (
  <details class="values">
    <summary>What rules can read and set</summary>
    <dl class="names">
      {of.map(({ name, means, isTarget }) => (
        <div key={name}>
          <dt>
            <code>{name}</code>
          </dt>
          <dd>
            {means}
            {isTarget && <span class="muted">, can be set</span>}
          </dd>
        </div>
      ))}
    </dl>
  </details>
)

/** Pricing rules, in the order in which they run. What is wrong with one stands at its field. */
export const RulesEditor = ({
  rules,
  set,
  faults,
  variables,
}: {
  rules: readonly RuleDraft[]
  set: (rules: readonly RuleDraft[]) => void
  faults: RuleFaults
  variables: readonly Variable[]
}) => {
  const targets = variables.filter(({ isTarget }) => isTarget).map(({ name }) => name)
  return (
    <div class="stack">
      {rules.map((rule, at) => (
        <fieldset key={rule.key} class="card" aria-label={`Rule ${rule.name || at + 1}`}>
          <header>
            <h3>Rule {at + 1}</h3>
            <div class="actions">
              {at > 0 && (
                <button type="button" class="quiet" onClick={() => set(moveRule(rules, at, -1))}>
                  Run earlier
                </button>
              )}
              {at < rules.length - 1 && (
                <button type="button" class="quiet" onClick={() => set(moveRule(rules, at, 1))}>
                  Run later
                </button>
              )}
              <button type="button" class="quiet" onClick={() => set(rules.filter((_, index) => index !== at))}>
                Remove rule
              </button>
            </div>
          </header>
          <div class="form">
            <RuleFields
              rule={rule}
              faults={faults.get(at) ?? []}
              targets={targets}
              change={(part) => set(rules.map((one, index) => (index === at ? { ...one, ...part } : one)))}
            />
          </div>
        </fieldset>
      ))}
      {rules.length < MOST && (
        <div>
          <button type="button" onClick={() => set([...rules, emptyRule(rules)])}>
            Add a rule
          </button>
        </div>
      )}
      {rules.length > 0 && <Variables of={variables} />}
    </div>
  )
}
