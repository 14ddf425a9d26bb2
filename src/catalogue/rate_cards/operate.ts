import { ApiError } from '../../lib/errors.ts'
import { keepCard } from './keep.ts'
import { type KeptCard, LARGEST_CARDS, MOST_CARDS, type RateCardData } from './schema.ts'

/** What is to be done to one of the cards of a plan or a schedule. */
export interface CardOperation {
  actionType: 'CREATE' | 'UPDATE' | 'DELETE' | 'UPSERT'
  rateCardName: string
  rateCard?: RateCardData | undefined
}

const conflict = (path: string, message: string): ApiError => new ApiError('CONFLICT', `${path}: ${message}`)

/** Does operations to the cards of a plan or a schedule in their order. Gives all of its cards then, and those that were made or changed. */
export const applyOperations = (
  owner: 'plan' | 'schedule',
  before: readonly KeptCard[],
  operations: readonly CardOperation[],
): { cards: readonly KeptCard[]; touched: readonly KeptCard[] } => {
  const cards = new Map(before.map((card) => [card.name, card]))
  const touched = new Map<string, KeptCard>()
  for (const [index, { actionType, rateCardName: name, rateCard }] of operations.entries()) {
    const path = `operations[${index}]`
    const isThere = cards.has(name)
    if (actionType === 'CREATE' && isThere) throw conflict(`${path}.rateCardName`, `the ${owner} has a card "${name}" already`)
    if ((actionType === 'UPDATE' || actionType === 'DELETE') && !isThere)
      throw new ApiError('NOT_FOUND', `${path}.rateCardName: the ${owner} has no card "${name}"`)
    if (actionType === 'DELETE') {
      cards.delete(name)
      touched.delete(name)
      continue
    }
    if (!rateCard) throw new ApiError('INVALID', `${path}.rateCard: is required for ${actionType}`)
    const card = keepCard(name, rateCard, `${path}.rateCard`)
    cards.set(name, card)
    touched.set(name, card)
  }
  if (cards.size > MOST_CARDS)
    throw new ApiError('UNPROCESSABLE', `operations: a ${owner} has ${MOST_CARDS} cards at most, and would have ${cards.size}`)
  const size = JSON.stringify([...cards.values()]).length
  if (size > LARGEST_CARDS)
    throw new ApiError(
      'UNPROCESSABLE',
      `operations: the cards of a ${owner} have ${LARGEST_CARDS} characters at most as JSON, and would have ${size}`,
    )
  return { cards: [...cards.values()], touched: [...touched.values()] }
}
