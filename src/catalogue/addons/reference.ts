import { addOnId, done, first } from '../../lib/examples.ts'

const MISSING = 'No add-on of the organization has this id.'
const TAKEN = 'Another add-on that is active has the billable name.'

const sent = { name: 'Editor seats', type: 'LICENSE', billableName: 'Seats for editors' }

const shown = { id: addOnId, ...sent, displayName: sent.billableName, status: 'ACTIVE', createdAt: first }

const path = { addon_id: addOnId }

export const tags = {
  AddOns: 'What price plans bill beside usage: licences, fees, and grants of credits.',
}

export const parameters = {
  addon_id: 'The id of the add-on, as it was answered when it was made.',
}

export const createAddOn = {
  summary: 'Create an add-on',
  description:
    'Makes something that price plans can price: LICENSE, of which an account has a quantity; NAMED_LICENSE, whose names events add and remove; FIXED_FEE; or CREDIT_GRANT. It is active at once. Several can have one name.',
  refuses: { 409: TAKEN },
  example: { request: sent, answer: shown, other: { request: { name: 'Onboarding', type: 'FIXED_FEE' } } },
}

export const getAddOns = {
  summary: 'List add-ons',
  description:
    'Lists the add-ons that are active, or those that are archived, by their names unless asked otherwise, a page at a time. The filters can be combined.',
  refuses: { 400: '_sort names another field, or one twice.' },
  example: {
    after: ['createAddOn'],
    query: { status: 'ACTIVE', type: 'LICENSE', _search: 'editor', _sort: 'name:ASC', pageSize: 20 },
    answer: { data: [shown], context: { pageSize: 20, sortOrder: 'ASC' } },
  },
}

export const getAddOn = {
  summary: 'Read an add-on',
  description: 'Reads an add-on, archived or not.',
  refuses: { 404: MISSING },
  example: { after: ['createAddOn'], path, answer: shown },
}

export const updateAddOn = {
  summary: 'Change an add-on',
  description: 'Replaces the names that are sent. What type an add-on is of stays as it is.',
  refuses: { 404: MISSING, 409: `The add-on is archived. Or ${TAKEN.charAt(0).toLowerCase()}${TAKEN.slice(1)}` },
  example: {
    after: ['createAddOn'],
    path,
    request: { name: 'Seats', billableName: '' },
    answer: { id: addOnId, name: 'Seats', type: 'LICENSE', displayName: 'Seats', status: 'ACTIVE', createdAt: first },
    other: { request: { name: 'Seats of editors' } },
  },
}

export const deleteAddOn = {
  summary: 'Archive an add-on',
  description:
    'Archives an add-on, for good: no price plan can price it any more, and events add no names to it. It can still be read by its id, and its billable name can be given to another.',
  refuses: {
    404: `${MISSING} Or it is archived already.`,
    409: 'A price plan that is not archived prices the add-on, or an account has a schedule that does. The message names it.',
  },
  example: { after: ['createAddOn'], path, answer: done, other: { path: { addon_id: 'addon.0VFLVzYqf1k.00000' } } },
}
