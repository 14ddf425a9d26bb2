import { eventSchemaName, featureId, second, third } from '../../lib/examples.ts'

const MISSING = 'No feature of the organization has this id.'
const NO_SCHEMA = 'An event schema that is named does not exist.'
const UNFIT = 'attributeName is no attribute of the event schema, and no field that it adds to events as one.'
const BOUND = 'an event schema that is named is archived, or feeds another feature. The message names it.'

const feature = { name: 'Deliveries', billableName: 'Delivered gigabytes' }

const schemaAssociations = [{ schemaName: eventSchemaName, attributeName: 'gigabytes' }]

const names = { id: featureId, ...feature, displayName: feature.billableName }

const shown = { ...names, schemaAssociations, createdAt: second, updatedAt: second }

const path = { feature_id: featureId }

const made = ['createEventSchema', 'createFeature']

export const tags = {
  Feature: 'What accounts can be entitled to, and which events use up the units that they are given of it.',
}

export const parameters = {
  feature_id: 'The id of the feature, as it was answered when it was made.',
}

export const createFeature = {
  summary: 'Create a feature',
  description:
    'Makes something that accounts can be entitled to. The event schemas that are named feed it: each of their events uses up as many units as its attribute says. A feature that no schema feeds is had, or not.',
  refuses: { 400: UNFIT, 404: NO_SCHEMA, 409: `${BOUND.charAt(0).toUpperCase()}${BOUND.slice(1)}` },
  example: {
    after: ['createEventSchema'],
    request: { ...feature, schemaAssociations },
    answer: shown,
    other: { request: { name: 'Support by phone', schemaAssociations: [] } },
  },
}

export const getFeatures = {
  summary: 'List features',
  description: 'Lists the features in the order of their names, a page at a time, with how many schemas feed each.',
  example: {
    after: made,
    query: { pageSize: 20 },
    answer: { data: [{ ...names, schemaCount: 1, createdAt: second, updatedAt: second }], context: { pageSize: 20, sortOrder: 'ASC' } },
  },
}

export const getFeature = {
  summary: 'Read a feature',
  description: 'Reads a feature with the schemas that feed it. Each of them shows the feature too, as its featureDetails.',
  refuses: { 404: MISSING },
  example: { after: made, path, answer: shown },
}

export const updateFeature = {
  summary: 'Change a feature',
  description:
    'Replaces what is sent, the list of schemas as a whole: those that it leaves out no longer feed the feature, and can feed another.',
  refuses: {
    400: UNFIT,
    404: `${MISSING} Or an event schema that is named does not exist.`,
    409: `${BOUND.charAt(0).toUpperCase()}${BOUND.slice(1)}`,
  },
  example: {
    after: made,
    path,
    request: { billableName: '', schemaAssociations: [{ schemaName: eventSchemaName, attributeName: 'size' }] },
    answer: {
      id: featureId,
      name: feature.name,
      displayName: feature.name,
      schemaAssociations: [{ schemaName: eventSchemaName, attributeName: 'size' }],
      createdAt: second,
      updatedAt: third,
    },
    other: { request: { name: 'Delivery' } },
  },
}
