import { accountId, addOnId, done, first, second, third } from '../../lib/examples.ts'

const NO_PORTAL = 'The token is a portal token, and does not read the account that the query names.'

const request = {
  licenseId: addOnId,
  accountId,
  updateType: 'ABSOLUTE',
  quantity: 10,
  effectiveFrom: '2026-04-01T00:00:00.000Z',
  idempotencyKey: 'order-1001',
  metadata: { purchaseOrder: 'PO-1001' },
}

const shown = {
  licenseId: addOnId,
  accountId,
  quantity: 10,
  effectiveFrom: request.effectiveFrom,
  metadata: request.metadata,
  createdAt: second,
}

export const tags = {
  Licenses:
    'How many licences of an add-on an account has, over time; and the names that have licences, which events of the schema togai-named-license add and remove.',
}

export const parameters = {
  license_id: 'The id of the add-on. Or the text {license_id} itself, percent-encoded, if the query names the add-on.',
}

export const addLicenseUpdateEntry = {
  summary: 'Change the number of licences',
  description:
    'Sets the number of licences of an account from a time on (ABSOLUTE), or adds to it (RELATIVE), and answers how many there are then. The number stays until the next update, whatever the price plan is. An update that takes effect earlier than others also changes what RELATIVE ones have led to since, until the next ABSOLUTE one; of two at the same time, the one that was made first counts first. The account can be created later. With an idempotencyKey, an update is made once for an account: sent again, it is answered as it stands.',
  refuses: {
    400: 'There is no such add-on, or it is archived, or of another type than LICENSE; the number would be below 0 at some time; accountId is an alias; or the update adds licences, and there would be more of them than the price plan allows that is in force when it takes effect, when a later update takes effect, or since a plan began in the meantime.',
    409: 'Too many requests change these licences at the same time, and this update was not made. Send it again after Retry-After.',
    422: 'The idempotencyKey in the body was used for another update of the account. Or more than 10,000 later updates would change with this one.',
  },
  example: {
    after: ['createAddOn'],
    request,
    answer: shown,
    other: { request: { ...request, updateType: 'RELATIVE', quantity: 2, idempotencyKey: 'order-1002' } },
  },
}

export const getLicenseUpdates = {
  summary: 'List updates of licences',
  description:
    'Lists the updates, the newest first unless _sort says otherwise. All filters can be combined. A portal token can read the updates of its accounts.',
  refuses: { 400: 'licenseId and license_id differ.', 403: NO_PORTAL, 422: 'The pageSize is over 50.' },
  example: {
    after: ['createAddOn', 'addLicenseUpdateEntry'],
    query: {
      account_id: accountId,
      licenseId: addOnId,
      license_id: addOnId,
      effectiveFrom: request.effectiveFrom,
      _sort: 'created_at:DESC',
      pageSize: 50,
    },
    answer: { data: [shown] },
  },
}

export const updateLicenseEntryDetails = {
  summary: 'Change the notes about an update of licences',
  description: 'Replaces the metadata of the update that an account has of an add-on at a time. The number of licences stays as it is.',
  refuses: {
    400: 'licenseId is missing though the path is the text {license_id}, or differs from the add-on in the path.',
    404: 'The account has no update of this add-on at exactly this time.',
    409: 'Too many requests change these licences at the same time, and this change was not made. Send it again after Retry-After.',
  },
  example: {
    after: ['createAddOn', 'addLicenseUpdateEntry'],
    path: { license_id: addOnId },
    query: { licenseId: addOnId },
    request: { accountId, effectiveFrom: request.effectiveFrom, metadata: { purchaseOrder: 'PO-1002' } },
    answer: { ...shown, metadata: { purchaseOrder: 'PO-1002' } },
    other: { request: { accountId, effectiveFrom: request.effectiveFrom, metadata: {} } },
  },
}

const namedAddOnId = 'addon.0VFLWOg4cQm.5pYvN'

const namedAddOn = { name: 'Viewers', type: 'NAMED_LICENSE' }

const adding = (id: string, name: string) => ({
  event: {
    id,
    schemaName: 'togai-named-license',
    timestamp: first,
    accountId,
    attributes: [{ name: 'action', value: '1' }],
    dimensions: { license_id: namedAddOnId, name },
  },
})

export const getNamedLicenseUpdates = {
  summary: 'List names that have licences',
  description:
    'Lists the times in which names have licences of add-ons of type NAMED_LICENSE, those whose event arrived last first. An event of the schema togai-named-license with action 1 begins such a time, and one with action -1 ends it; a name that is added twice has one. An event that arrives late or is reverted also changes the times that others have led to. The filters can be combined. A portal token can read the names of its accounts.',
  refuses: { 400: 'licenseId and license_id differ.', 403: NO_PORTAL, 422: 'The pageSize is over 50.' },
  example: {
    after: [
      'createCustomer',
      {
        operation: 'createAddOn',
        request: namedAddOn,
        answer: { id: namedAddOnId, ...namedAddOn, displayName: namedAddOn.name, status: 'ACTIVE', createdAt: second },
      },
      { operation: 'ingest', request: adding('seat-1', 'user1'), answer: done, other: { request: adding('seat-2', 'user2') } },
    ],
    query: { account_id: accountId, licenseId: namedAddOnId, license_id: namedAddOnId, name: 'user1', pageSize: 50 },
    answer: {
      data: [
        {
          id: 'named_license_entry.0VFLW94K8Rb.Qm4Vc',
          licenseId: namedAddOnId,
          accountId,
          name: 'user1',
          effectiveFrom: first,
          createdAt: third,
          updatedAt: third,
        },
      ],
    },
  },
}
