import { accountId, done, featureId, scheduleId } from '../../lib/examples.ts'
import { entitledSteps } from '../examples.ts'

const MISSING = 'No account of the organization has this id, or no feature.'
const NO_PORTAL = 'The token is a portal token that cannot read this account. The same answer is given if the account does not exist.'
const NO_ENTRY = 'No account of the organization has this id, or no feature, or the account has no such entry of the feature.'

const entry = {
  id: `${scheduleId}#2026-03-30$PRICE_PLAN`,
  source: 'PRICE_PLAN',
  status: 'ACTIVE',
  effectiveFrom: '2026-03-30T00:00:00.000Z',
  effectiveUntil: '2026-04-30T00:00:00.000Z',
  granted: 1000,
  balance: 1000,
  used: 0,
}

const path = { account_id: accountId, feature_id: featureId }
const entryPath = { ...path, entry_id: entry.id }

export const tags = {
  Entitlements:
    'What accounts may use. Rate cards of price plans and purchases grant credits of a feature for a time, events of the schemas that feed the feature take them, and ENTITLEMENT_OVERAGE cards allow more than that. Each unit is taken once, with its event, whatever happens at the same time.',
}

export const parameters = {
  entry_id: 'The id of the entry, percent-encoded.',
}

export const getFeatureCredits = {
  summary: 'Read the credits of a feature of an account',
  description:
    'Answers how many units of a feature an account has been granted that it can use now, how many of them are left, and how much overage it has had in the time for which that is counted now. A portal token can read those of its accounts.',
  refuses: { 403: NO_PORTAL, 404: MISSING },
  example: {
    after: entitledSteps,
    path,
    answer: { accountId, featureId, granted: 1000, balance: 1000, usedOverage: 0 },
  },
}

export const listFeatureCreditEntries = {
  summary: 'List the credits of a feature of an account',
  description:
    'Lists what an account has been granted of a feature, and its overage, each for the time in which it can be used; those that begin last come first, page by page. An event takes from the entries that are in force at its time: those that end first, then those that began first, and overage last. A portal token can read those of its accounts.',
  refuses: { 403: NO_PORTAL, 404: MISSING, 422: 'The pageSize is over 50.' },
  example: {
    after: entitledSteps,
    path,
    query: { pageSize: 20 },
    answer: {
      data: [
        {
          ...entry,
          id: `${entry.id}.2`,
          effectiveFrom: '2026-04-30T00:00:00.000Z',
          effectiveUntil: '2026-05-30T00:00:00.000Z',
          granted: 500,
          balance: 500,
        },
        entry,
      ],
    },
  },
}

export const updateFeatureCreditEntry = {
  summary: 'Change an entry of credits',
  description:
    'Changes how many units an entry grants, or when it ends. balance changes by as much as granted. An event that comes at the same moment is either before or after it: an entry never grants less than has been taken.',
  refuses: {
    400: 'granted is less than what has been used, or effectiveUntil is not in the future.',
    404: NO_ENTRY,
    409: 'The entry is EXPIRED or VOIDED, or counts overage. Or it is being changed by many requests at this moment: send it again after Retry-After.',
  },
  example: {
    after: entitledSteps,
    path: entryPath,
    request: { granted: 1500, effectiveUntil: '2026-05-15T00:00:00Z' },
    answer: { ...entry, granted: 1500, balance: 1500, effectiveUntil: '2026-05-15T00:00:00.000Z' },
    other: { request: { granted: 1200 } },
  },
}

export const voidFeatureCreditEntry = {
  summary: 'Make an entry of credits void',
  description: 'Takes away what is left of an entry, for good. What has been used of it stays used.',
  refuses: {
    404: NO_ENTRY,
    409: 'The entry is EXPIRED or VOIDED already, or counts overage. Or it is being changed by many requests at this moment: send it again after Retry-After.',
  },
  example: {
    after: entitledSteps,
    path: entryPath,
    answer: done,
    other: { path: { ...path, entry_id: `${entry.id}.2` } },
  },
}
