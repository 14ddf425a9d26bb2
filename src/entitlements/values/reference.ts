import { accountId, done, featureId } from '../../lib/examples.ts'
import { entitledSteps } from '../examples.ts'

const NO_PORTAL = 'The token is a portal token that cannot read this account. The same answer is given if the account does not exist.'
const NO_ACCOUNT = 'No account of the organization has this id.'
const MISSING = 'No account of the organization has this id, or no feature.'

const path = { account_id: accountId, feature_id: featureId }

const HELD =
  'An account has a feature if the price plan that is in force grants it, or if it has credits of it. The value of a feature that event schemas feed is what is left of its credits; that of another one is true, or what the setting of the account says whose id is that of the feature, in the namespace USER.'

export const getEntitlements = {
  summary: 'List what an account is entitled to',
  description: `Lists the features that an account has now, with their values. ${HELD} A portal token can read those of its accounts.`,
  refuses: { 403: NO_PORTAL, 404: NO_ACCOUNT },
  example: { after: entitledSteps, path: { account_id: accountId }, answer: { data: [{ featureId, value: '1000' }] } },
}

export const getEntitlementValue = {
  summary: 'Read what an account is entitled to of a feature',
  description: `Answers the value of a feature that an account has now; nothing if it does not have it. ${HELD} A portal token can read those of its accounts.`,
  refuses: { 403: NO_PORTAL, 404: MISSING },
  example: { after: entitledSteps, path, answer: { data: [{ featureId, value: '1000' }] } },
}

export const validateEntitlementValue = {
  summary: 'Ask whether an account is entitled to a value',
  description:
    'Says whether an account could use so many units of a feature now, with the overage that it may still have, where what is no number of units cannot be used; or of a feature that no event schema feeds, whether it has this value. Nothing is used up by asking, and others can use it up until then: ingestEntitledEvent asks and takes in one step.',
  refuses: { 403: NO_PORTAL, 404: MISSING },
  example: { after: entitledSteps, path, request: { value: '250' }, answer: done },
}
