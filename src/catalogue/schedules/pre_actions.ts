import * as z from 'zod/mini'
import type { Draft } from '../../db/commit.ts'
import type { Statement } from '../../db/client.ts'
import type { Ctx } from '../../db/context.ts'
import { parseDecimal, formatDecimal } from '../../lib/decimal.ts'
import { type Fault, refuseFaults } from '../../lib/errors.ts'
import { instant } from '../../lib/time.ts'
import { instantOf } from '../../rating/cycle.ts'
import { MOST_LICENSES, UPDATE_TYPES } from '../licenses/schema.ts'
import {
  type AskedUpdate,
  type LicenseCap,
  type StateRow,
  draftLicenseUpdates,
  nameOfPlan,
  openLicenseState,
  selectLicenseState,
} from '../licenses/service.ts'
import type { KeptCard } from '../rate_cards/schema.ts'
import type { PreAction } from './schema.ts'
import type { Piece } from './timeline.ts'

const NAMES: ReadonlySet<string> = new Set(['licenseId', 'updateType', 'quantity', 'effectiveFrom'])

const UpdateType = z.enum(UPDATE_TYPES)
const Instant = instant()

/** Reads an update of licences from texts; a fault for each that is wrong. */
const readUpdate = (ctx: Ctx, config: Readonly<Record<string, string>>, path: Fault['path']): { update: AskedUpdate; faults: Fault[] } => {
  const { licenseId = '', updateType: type, quantity: count, effectiveFrom: from } = config
  const fault = (name: string, message: string): Fault => ({ path: [...path, name], message })
  const updateType = z.safeParse(UpdateType, type)
  const effectiveFrom = from === undefined ? { success: true as const, data: ctx.now } : z.safeParse(Instant, from)
  const quantity = parseDecimal(count ?? '')
  const isCount = quantity && Math.abs(Number(count)) <= MOST_LICENSES
  const required = (name: string, value: string | undefined, message: string): Fault[] => [
    fault(name, value === undefined ? 'is required for GRANT_LICENSE' : message),
  ]
  const faults = [
    ...(Object.keys(config).every((name) => NAMES.has(name))
      ? []
      : [{ path, message: `must have no other names than ${[...NAMES].join(', ')}` }]),
    ...(config['licenseId'] === undefined ? required('licenseId', undefined, '') : []),
    ...(updateType.success ? [] : required('updateType', type, `must be ${UPDATE_TYPES.join(' or ')}`)),
    ...(isCount ? [] : required('quantity', count, `must be a number from -${MOST_LICENSES} to ${MOST_LICENSES}`)),
    ...(effectiveFrom.success ? [] : [fault('effectiveFrom', 'must be a date-time such as 2026-03-30T10:41:10Z')]),
  ]
  return {
    update: {
      licenseId,
      updateType: updateType.success ? updateType.data : 'ABSOLUTE',
      quantity: quantity ? formatDecimal(quantity) : '0',
      effectiveFrom: effectiveFrom.success ? effectiveFrom.data : ctx.now,
    },
    faults,
  }
}

/** The timeline that is to be in force, by whose limits licences are granted. Without cards, a part of it is in force already as it is. */
export interface TimelineCards {
  pieces: readonly Piece[]
  cardsOf: (piece: Piece) => readonly KeptCard[] | undefined
}

const capsOf = ({ pieces, cardsOf }: TimelineCards, licenseIds: ReadonlySet<string>, known: readonly LicenseCap[]): LicenseCap[] =>
  pieces.flatMap((piece) => {
    const plan = nameOfPlan(piece.pricePlanId, piece.version, piece.overrideId)
    const cards = cardsOf(piece)
    return [...licenseIds].map((licenseId): LicenseCap => {
      const card = cards?.find(({ type, billableId }) => type === 'LICENSE' && billableId === licenseId)
      const most = card?.rateCardDetails.licenseRateCard?.config?.maxQuantity
      const isAdvanced = card?.invoiceTiming === 'IN_ADVANCE'
      const own = most === undefined ? null : String(most)
      const cap = cards ? own : (known.find((one) => one.plan === plan && one.licenseId === licenseId)?.cap ?? null)
      return { licenseId, from: instantOf(piece.from), until: instantOf(piece.until), cap, isAdvanced, plan }
    })
  })

/** What is done before the schedules of an account are changed, in the same commit. */
export interface PreparedActions {
  /** What is read beside the timeline. */
  statements: readonly Statement[]
  /** Drafts it of the results of these. Throws INVALID. */
  draft: (results: readonly { results: readonly unknown[] }[], timeline: TimelineCards) => Omit<Draft<object>, 'answer'> | undefined
}

/** Reads what is to be done before the schedules of an account are changed. Throws INVALID. */
export const preparePreActions = (ctx: Ctx, accountId: string, preActions: readonly PreAction[]): PreparedActions => {
  const read = preActions.map(({ config = {} }, index) => readUpdate(ctx, config, ['preActions', index, 'config']))
  refuseFaults(
    'INVALID',
    read.flatMap(({ faults }) => faults),
  )
  const asked = read.map(({ update }) => update)
  if (!asked.length) return { statements: [], draft: () => undefined }
  return {
    statements: [selectLicenseState(ctx, accountId, asked)],
    draft: (results, timeline) => {
      const state = openLicenseState(accountId, (results[0]?.results ?? []) as StateRow[])
      const caps = capsOf(timeline, new Set(asked.map(({ licenseId }) => licenseId)), state.caps)
      const drafted = draftLicenseUpdates(ctx, { ...state, caps }, asked)
      if ('draft' in drafted) return drafted.draft
      refuseFaults(
        'INVALID',
        drafted.faults.map(({ index, fault: { path, message } }) => ({ path: ['preActions', index, 'config', ...path], message })),
      )
      return undefined
    },
  }
}
