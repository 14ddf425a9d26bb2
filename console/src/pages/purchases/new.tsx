import { useState } from 'preact/hooks'
import { goTo, linkTo, useParameters } from '../../parts/address.ts'
import { type Schemas, api, read } from '../../parts/client.ts'
import { Failure } from '../../parts/failure.ts'
import { ChoiceField, TextField } from '../../parts/form.tsx'
import { money } from '../../parts/format.ts'
import { Page, Refusal } from '../../parts/page.tsx'
import { useRead } from '../../parts/read.ts'
import { readAll } from '../../parts/read_all.ts'
import { RowEditor } from '../../parts/row_editor.tsx'
import { TrialForm } from '../../parts/trial_form.tsx'
import { instantTyped, optionalNumber, requireNumber } from '../../parts/typed.ts'
import { useBillables } from '../plans/names.ts'
import { KINDS, linkToPurchase } from './words.ts'

interface Draft {
  account: string
  way: 'PREPAID' | 'POSTPAID' | 'NOW'
  type: Schemas['PurchaseType']
  plan: string
  quantity: string
  cards: readonly { id: string; count: string }[]
  topup: string
  cost: string
  from: string
  until: string
  expiry: string
}

const empty: Draft = {
  account: '',
  way: 'PREPAID',
  type: 'ENTITLEMENT_GRANT',
  plan: '',
  quantity: '',
  cards: [],
  topup: '',
  cost: '',
  from: '',
  until: '',
  expiry: '',
}

/** Reads the published plans of a type. */
const readPlans = (type: Schemas['PricePlanType']) =>
  readAll((nextToken) => read(api.GET('/price_plans', { params: { query: { status: 'ACTIVE', type, pageSize: 100, nextToken } } })))

const expiryLabel = ({ way }: Draft): string => (way === 'NOW' ? 'Can be paid until (UTC)' : 'Can be approved until (UTC)')

/** What the API is sent of a draft, by its kind. Throws a Failure that names what is no number. */
const requestOf = (draft: Draft): Schemas['CreatePurchaseRequest'] & { type: Schemas['PurchaseType'] } => {
  const { type } = draft
  const common = { type, expiryDate: instantTyped(draft.expiry, expiryLabel(draft)) }
  if (type === 'WALLET_TOPUP')
    return {
      ...common,
      walletTopupDetails: {
        topupAmount: requireNumber(draft.topup, 'Into the wallet'),
        purchaseAmount: optionalNumber(draft.cost, 'What it costs'),
      },
    }
  if (type === 'ASSOCIATION')
    return { ...common, pricePlanId: draft.plan, effectiveFrom: draft.from, effectiveUntil: draft.until || '9999-01-01' }
  const cards = draft.cards.filter(({ id }) => id)
  if (new Set(cards.map(({ id }) => id)).size < cards.length) throw new Failure(400, 'Of what: choose each only once.')
  return {
    ...common,
    pricePlanId: draft.plan,
    quantity: optionalNumber(draft.quantity, 'How often'),
    ...(cards.length && {
      rateCardQuantities: Object.fromEntries(cards.map(({ id, count }) => [id, requireNumber(count, 'How often it')])),
    }),
  }
}

interface Made {
  id: string
  price: number | undefined
  currency: string | undefined
  isProposal: boolean
}

const send = async (draft: Draft, isTry: boolean): Promise<Made> => {
  const params = { path: { account_id: draft.account.trim() }, query: isTry ? { dry_run: true } : {} }
  const body = requestOf(draft)
  const isProposal = draft.way !== 'NOW'
  const { id, price, invoiceCurrency } =
    draft.way === 'NOW'
      ? await read(api.POST('/accounts/{account_id}/purchases', { params, body }))
      : await read(api.POST('/accounts/{account_id}/purchase_proposals', { params, body: { ...body, paymentMode: draft.way } }))
  return { id, price, currency: invoiceCurrency, isProposal }
}

type Parts = { draft: Draft; change: (part: Partial<Draft>) => void }

const PlanFields = ({ draft, change }: Parts) => {
  const wanted = draft.type === 'ENTITLEMENT_GRANT' ? 'PURCHASE' : 'BILLING'
  const plans = useRead(`active plans ${wanted}`, () => readPlans(wanted))
  const { reading: billables, all } = useBillables()
  return (
    <>
      {plans.failure && <Refusal failure={plans.failure} retry={plans.reload} />}
      {billables.failure && <Refusal failure={billables.failure} retry={billables.reload} />}
      <div class="columns">
        <ChoiceField
          label="Price plan"
          value={draft.plan}
          set={(plan) => change({ plan })}
          none="Choose one"
          of={(plans.data ?? []).map(({ id, name }) => [id, name] as const)}
          hint={plans.data && !plans.data.length ? 'No published plan is of this kind.' : undefined}
        />
        {draft.type === 'ASSOCIATION' ? (
          <>
            <TextField label="From (UTC)" type="date" value={draft.from} set={(from) => change({ from })} />
            <TextField
              label="Until before"
              type="date"
              value={draft.until}
              set={(until) => change({ until })}
              isOptional
              hint="Left empty: without end"
            />
          </>
        ) : (
          <TextField
            label="How often"
            value={draft.quantity}
            set={(quantity) => change({ quantity })}
            isOptional
            isNumber
            hint="Left empty: once"
          />
        )}
      </div>
      {draft.type !== 'ASSOCIATION' && (
        <RowEditor
          title="Single cards"
          rows={draft.cards}
          set={(cards) => change({ cards })}
          empty={{ id: '', count: '' }}
          add="Buy a single card more often"
        >
          {(row, set) => (
            <>
              <ChoiceField
                label="Of what"
                value={row.id}
                set={(id) => set({ id })}
                none="Choose one"
                of={all
                  .filter(({ kind }) => ['FEATURE', 'FIXED_FEE', 'CREDIT_GRANT'].includes(kind))
                  .map(({ id, name }) => [id, name] as const)}
              />
              <TextField label="How often it" value={row.count} set={(count) => set({ count })} isNumber hint="Fractions are allowed." />
            </>
          )}
        </RowEditor>
      )}
    </>
  )
}

const Kind = ({ draft, change }: Parts) => (
  <div class="columns wide">
    <TextField label="Account" value={draft.account} set={(account) => change({ account })} hint="The id of the account." />
    <ChoiceField
      label="How"
      value={draft.way}
      set={(way) => change({ way: way as Draft['way'] })}
      of={[
        ['PREPAID', 'Propose it: paid first, then done'],
        ['POSTPAID', 'Propose it: done when approved, then billed'],
        ['NOW', 'Buy it now: its order falls due'],
      ]}
    />
    <ChoiceField
      label="What"
      value={draft.type}
      set={(type) => change({ type: type as Draft['type'], plan: '' })}
      of={Object.entries(KINDS)}
    />
    <TextField label={expiryLabel(draft)} type="datetime-local" value={draft.expiry} set={(expiry) => change({ expiry })} isOptional />
  </div>
)

/** Proposes something to an account, or buys it for it. What it costs is shown first. */
export const NewPurchase = () => {
  const { get } = useParameters()
  const [draft, setDraft] = useState<Draft>({ ...empty, account: get('account') ?? '' })
  const change = (part: Partial<Draft>): void => setDraft((before) => ({ ...before, ...part }))
  const attempt = async (isTry: boolean): Promise<Made> => {
    if (draft.type !== 'WALLET_TOPUP' && !draft.plan) throw new Failure(400, 'Price plan: choose one.')
    const made = await send(draft, isTry)
    if (!isTry) goTo(linkToPurchase({ id: made.id, proposalStatus: made.isProposal ? 'PROPOSAL_ACTIVE' : undefined }))
    return made
  }
  return (
    <Page title="New proposal or purchase" above={<a href={linkTo('purchases')}>Purchases</a>}>
      <div class="card">
        <TrialForm
          action={draft.way === 'NOW' ? 'Buy it' : 'Propose it'}
          typed={draft}
          attempt={attempt}
          done={() => {}}
          shows={({ price = 0, currency, isProposal }) => (
            <p>
              It costs <strong>{money(price, currency)}</strong>, before credits.{' '}
              {isProposal ? 'Nothing is billed or granted before it is approved.' : 'An order of that falls due at once.'}
            </p>
          )}
        >
          <Kind draft={draft} change={change} />
          {draft.type === 'WALLET_TOPUP' ? (
            <div class="columns">
              <TextField label="Into the wallet" value={draft.topup} set={(topup) => change({ topup })} isNumber />
              <TextField
                label="What it costs"
                value={draft.cost}
                set={(cost) => change({ cost })}
                isOptional
                isNumber
                hint="Left empty: as much"
              />
            </div>
          ) : (
            <PlanFields draft={draft} change={change} />
          )}
        </TrialForm>
      </div>
    </Page>
  )
}
